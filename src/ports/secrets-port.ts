/** A file of the repository that is encrypted with SOPS. */
export interface EncryptedFile {
  /** Where it stands in the repository, for messages: `clusters/home/manifests/dashboard.yaml`. */
  readonly name: string
  readonly text: string
}

/** What turns ciphertext of the repository into the text that K3s reads. Asked only where that text is written. */
export interface SecretsPort {
  /**
   * The plaintext, after everything in the file was verified. The same for the same file and key.
   * @throws Failure AGE_KEY_MISSING, AGE_KEY_EXPOSED or AGE_KEY_UNREADABLE for the key of this machine; SOPS_UNREADABLE,
   *   SOPS_UNSUPPORTED, SOPS_KEY_MISMATCH, SOPS_VALUE_PLAIN or SOPS_TAMPERED for the file. None tells a value.
   */
  decrypt(file: EncryptedFile): Promise<string>
}
