/** `line:column severity CODE what` for each file of test/fixtures/real-world; nothing where it is read as it is meant. */
export const findingsByFile: Readonly<Record<string, readonly string[]>> = {
  'byte-order-mark.yaml': [],
  'chart-name-of-its-own.yaml': ['4:9 warning PKG_HCC_IDENTITY there is no HelmChart kube-system/traefik-config'],
  'comments-everywhere.yaml': [],
  'cut-off.yaml': ['10:1 error YAML_SYNTAX a character is missing'],
  'dashboard-arguments.yaml': [
    '8:18 warning TRF_DASHBOARD_EXPOSED --api.insecure opens the dashboard on the entry point traefik without a password',
  ],
  'double-quoted.yaml': [],
  'folded-lines-joined.yaml': [
    '8:18 error CHART_VALUES_INVALID valuesContent of HelmChartConfig traefik cannot be read: in its line 1, something stands here that does not belong',
  ],
  'folded-one-line.yaml': [],
  'folded.yaml': [],
  'go-template-block.yaml': ['10:1 error TEMPLATE_LEFTOVER the file is a template that nobody filled in'],
  'go-template-in-a-key.yaml': ['4:9 error TEMPLATE_LEFTOVER the file is a template that nobody filled in'],
  'go-template-in-a-value.yaml': [
    '8:18 error CHART_VALUES_INVALID valuesContent of HelmChartConfig traefik cannot be read: in its line 2, a template expression ({{ … }}) stands in it that nobody expands',
  ],
  'ingress-route-of-traefik-2.yaml': [
    '1:13 error TRF_CRD_GROUP IngressRoute dashboard is of traefik.containo.us, which the Traefik chart 37.1.0 of v1.33.6+k3s1 does not have',
    '7:7 warning TRF_DASHBOARD_EXPOSED IngressRoute dashboard leads to api@internal without a Middleware',
  ],
  'jinja.yaml': [
    '8:18 error CHART_VALUES_INVALID valuesContent of HelmChartConfig traefik cannot be read: in its line 2, a template expression ({% … %}) stands in it that nobody expands',
  ],
  'json.json': [],
  'k3s-template-variable.yaml': [],
  'list.yaml': [
    '7:50 error CHART_VALUES_INVALID valuesContent of HelmChartConfig traefik cannot be read: in its line 1, the indentation does not fit the lines around it, or a bracket is not closed',
  ],
  'literal-kept-and-indented.yaml': [],
  'literal-stripped.yaml': [],
  'literal.yaml': [],
  'mapping-instead-of-text.yaml': [
    '8:3 error CHART_VALUES_INVALID valuesContent of HelmChartConfig traefik is not a text',
  ],
  'no-namespace.yaml': ['3:1 error PKG_HCC_IDENTITY there is no HelmChart default/traefik, but kube-system/traefik'],
  'pool-labels.yaml': [
    '16:46 error SLB_POOL_NODE_LABEL Service default/mqtts has the label lbpool.svccontroller.k3s.cattle.io/edge',
    '26:41 error OBJECT_LABEL_NOT_TEXT svccontroller.k3s.cattle.io/lbpool in labels of Service amqp is the boolean true',
  ],
  'several-documents.yaml': [
    '18:1 error SLB_TWO_CONTROLLERS MetalLB and ServiceLB would both serve kube-system/traefik',
  ],
  'shell-variables.yaml': [
    `8:18 warning TEMPLATE_LEFTOVER valuesContent of HelmChartConfig traefik holds $\{LB_ADDRESS}`,
  ],
  'smart-quotes.yaml': [],
  'tab-in-values.yaml': [
    '8:18 error CHART_VALUES_INVALID valuesContent of HelmChartConfig traefik cannot be read: in its line 2, a tab is used as indentation',
  ],
  'tab-indented.yaml': [
    '9:1 error YAML_SYNTAX a character is missing',
    '9:1 error YAML_SYNTAX the indentation does not fit the lines around it, or a bracket is not closed',
    '10:1 error YAML_SYNTAX a tab is used as indentation',
  ],
  'values-of-two-documents.yaml': [
    '8:18 warning CHART_VALUES_INVALID valuesContent of HelmChartConfig traefik holds several documents',
  ],
  'values-twice.yaml': ['10:3 warning DUPLICATE_KEY "valuesContent" is written twice in one mapping'],
  'windows-lines.yaml': [],
}
