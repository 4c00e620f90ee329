import ClientKubernetes
import Maintenance

extension Right {
    /// The right to do something with resources, written as rights name them: `deployments.apps`, `pods/log`.
    static func kubernetes(
        _ purpose: Purpose, _ verbs: [String], _ resources: [String], in namespace: String? = nil,
        named names: [String] = [], everywhere: Bool = false, reason: String
    ) -> Right {
        kubernetes(
            purpose,
            KubernetesRule(verbs, resources, names: names, namespace: namespace, isClusterWide: everywhere),
            reason: reason)
    }
}
