# Two images from one build:
#
#   docker build --target controller -t fairlead:controller .
#   docker build --target agent      -t fairlead:agent .
#
# The tags below move with Debian's security updates. A release build pins both by digest:
#   --build-arg BUILD_IMAGE=node:24-bookworm-slim@sha256:… --build-arg BASE_IMAGE=debian:12-slim@sha256:…
#
# `node scripts/prove-image.ts` carries these steps out in clean roots where there is no container engine.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=debian:12-slim

# Its Node only runs npm. The Node that is shipped is the one package-lock.json names, so that it is pinned once.
FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# No package of ours needs its install script; none gets to run one.
RUN npm ci --ignore-scripts
COPY . .
# The bundle holds all packages it needs, so node_modules stays behind; so do the source maps.
RUN npm run build && \
    find dist -name '*.map' -delete && \
    mkdir -p /out/usr/local/bin /out/opt/fairlead/src/web /out/opt/fairlead/deploy && \
    cp -R bin dist package.json LICENSE cluster-repo-template /out/opt/fairlead/ && \
    cp node_modules/node-linux-*/bin/node /out/opt/fairlead/bin/node && \
    ln -s /opt/fairlead/bin/node /out/usr/local/bin/node && \
    ln -s /opt/fairlead/bin/fairlead.cjs /out/usr/local/bin/fairlead && \
    cp -R src/web/page /out/opt/fairlead/src/web/page && \
    cp -R deploy/systemd deploy/openrc /out/opt/fairlead/deploy/ && \
    chmod -R a+rX,go-w /out

# The controller: no root, and nothing besides Node and Fairlead. What it writes to is mounted at /host and at
# /var/lib/fairlead. `fairlead install` runs it as `controller`, and as root in the pods that give hosts their agent
# (`host-agent`), which need no more than nsenter of the base image.
FROM ${BASE_IMAGE} AS controller
ARG VERSION=unreleased
LABEL org.opencontainers.image.title="fairlead controller" \
      org.opencontainers.image.description="GitOps for K3s cluster networking" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
RUN groupadd --gid 65532 fairlead && \
    useradd --uid 65532 --gid 65532 --no-create-home --home-dir /var/lib/fairlead --shell /usr/sbin/nologin fairlead && \
    install -d -o 65532 -g 65532 -m 0700 /var/lib/fairlead
COPY --from=build /out/ /
WORKDIR /var/lib/fairlead
USER 65532:65532
STOPSIGNAL SIGTERM
# The default listener. With another --listen give the container a health check of its own.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8420/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/fairlead/bin/fairlead.cjs"]
CMD ["run", "--root", "/host"]

# The agent: root, with the host's tools, for the machine whose / is mounted at /host. Its git also serves `plan --base`
# in pull-request pipelines. A host service is the better home for it: a pod is not there yet when K3s starts. Below
# --root /host it leaves packet filter, routes and settings alone: what takes a risky change back would end with the container.
FROM ${BASE_IMAGE} AS agent
ARG VERSION=unreleased
LABEL org.opencontainers.image.title="fairlead agent" \
      org.opencontainers.image.description="GitOps for K3s cluster networking" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
RUN apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      ca-certificates conntrack git iproute2 ipset iptables nftables openssh-client && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log && \
    install -d -m 0700 /var/lib/fairlead
COPY --from=build /out/ /
WORKDIR /var/lib/fairlead
USER 0:0
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8420/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/fairlead/bin/fairlead.cjs"]
CMD ["run", "--root", "/host"]
