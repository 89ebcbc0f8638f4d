import type { RuleGroup } from '../rule.ts'
import { definitionsRemoved, gatewayApiOwner, version1Blocks, version1Port } from './definition-rules.ts'
import { dashboardExposed, metricsExposed } from './exposure-rules.ts'
import { middlewareReference } from './middleware-references.ts'
import { crdGroup, oldRouteSyntax } from './route-rules.ts'
import { argumentEntryPoint, argumentRemoved, argumentShape, dashboardEntryPoint } from './static-arguments.ts'
import { dashboardDefault, imageRegistry, keyUnknown, listsReplace } from './value-keys.ts'
import { certResolvers, exposeShape, globalArguments, redirectSyntax, serviceSpec } from './value-shapes.ts'

/** The packaged Traefik: its values by chart version, its objects, and what it exposes. */
export const traefikRules: RuleGroup = {
  title: 'Traefik',
  rules: [
    redirectSyntax,
    exposeShape,
    serviceSpec,
    keyUnknown,
    certResolvers,
    globalArguments,
    crdGroup,
    dashboardDefault,
    middlewareReference,
    oldRouteSyntax,
    listsReplace,
    imageRegistry,
    gatewayApiOwner,
    version1Port,
    version1Blocks,
    argumentShape,
    argumentEntryPoint,
    argumentRemoved,
    dashboardEntryPoint,
    dashboardExposed,
    metricsExposed,
    definitionsRemoved,
  ],
  notApplicable: [],
}
