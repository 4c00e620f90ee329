import ClientHTTP
import Host
public import Maintenance

/// What alters. Throws `KubernetesFailure` where the API refuses, `CouldNotLook(.perhapsApplied)` where it may have
/// happened and no answer says so.
extension KubernetesAccess {
    @discardableResult
    public func create(
        _ resource: KubernetesResource, _ object: JSONValue, namespace: String? = nil, dryRun: Bool = false
    ) async throws -> KubernetesObject {
        var request = try KubernetesRequest("create", "POST", resource, namespace: namespace ?? self.namespace)
        // Only for the sentences: the path of a creation names no object.
        request.name = object["metadata"]?["name"]?.asText
        return try await alter(
            request.carrying(object).asking(Self.writing(dryRun) + [("fieldManager", KubernetesPatch.manager)]))
    }

    /// Posts to a subresource, such as a pod's eviction.
    @discardableResult
    public func create(
        _ resource: KubernetesResource, _ name: String, subresource: String, _ object: JSONValue,
        namespace: String? = nil, dryRun: Bool = false
    ) async throws -> KubernetesObject {
        let request = try KubernetesRequest(
            "create", "POST", resource, namespace: namespace ?? self.namespace, name: name, subresource: subresource)
        return try await alter(request.carrying(object).asking(Self.writing(dryRun)))
    }

    /// Asks a pod to leave, as far as its disruption budgets allow: `KubernetesFailure.isDisruptionBudget` where not.
    @discardableResult
    public func evict(
        pod name: String, uid: String? = nil, namespace: String? = nil, dryRun: Bool = false
    ) async throws -> KubernetesObject {
        var eviction: [String: JSONValue] = [
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": ["name": .text(name), "namespace": .text(namespace ?? self.namespace)],
        ]
        if let uid { eviction["deleteOptions"] = ["preconditions": ["uid": .text(uid)]] }
        return try await create(
            .pods, name, subresource: "eviction", .object(eviction), namespace: namespace, dryRun: dryRun)
    }

    /// `subresource`: `scale`, `status`. A conflict of field managers is `KubernetesFailure` with 409.
    @discardableResult
    public func patch(
        _ resource: KubernetesResource, _ name: String, _ patch: KubernetesPatch, subresource: String? = nil,
        namespace: String? = nil, dryRun: Bool = false
    ) async throws -> KubernetesObject {
        let request = try KubernetesRequest(
            "patch", "PATCH", resource, namespace: namespace ?? self.namespace, name: name, subresource: subresource)
        return try await alter(
            request.carrying(patch.document, as: patch.contentType).asking(Self.writing(dryRun) + patch.query))
    }

    /// Puts the object in the place of what is there; its `resourceVersion`, where it has one, must be the newest.
    @discardableResult
    public func replace(
        _ resource: KubernetesResource, _ name: String, _ object: JSONValue, subresource: String? = nil,
        namespace: String? = nil, dryRun: Bool = false
    ) async throws -> KubernetesObject {
        let request = try KubernetesRequest(
            "update", "PUT", resource, namespace: namespace ?? self.namespace, name: name, subresource: subresource)
        return try await alter(
            request.carrying(object).asking(Self.writing(dryRun) + [("fieldManager", KubernetesPatch.manager)]))
    }

    /// Deletes the object, if it still is the one meant: another `uid` or `resourceVersion` is a conflict.
    @discardableResult
    public func delete(
        _ resource: KubernetesResource, _ name: String, uid: String? = nil, resourceVersion: String? = nil,
        propagation: KubernetesPropagation = .background, grace: Duration? = nil, namespace: String? = nil,
        dryRun: Bool = false
    ) async throws -> KubernetesObject {
        var options: [String: JSONValue] = [
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": .text(propagation.rawValue),
        ]
        var conditions: [String: JSONValue] = [:]
        if let uid { conditions["uid"] = .text(uid) }
        if let resourceVersion { conditions["resourceVersion"] = .text(resourceVersion) }
        if !conditions.isEmpty { options["preconditions"] = .object(conditions) }
        if let grace { options["gracePeriodSeconds"] = .number(grace.inSeconds.rounded(.up)) }
        if dryRun { options["dryRun"] = ["All"] }
        let request = try KubernetesRequest(
            "delete", "DELETE", resource, namespace: namespace ?? self.namespace, name: name)
        return try await alter(request.carrying(.object(options)))
    }

    private static func writing(_ dryRun: Bool) -> [(String, String?)] { [("dryRun", dryRun ? "All" : nil)] }
}
