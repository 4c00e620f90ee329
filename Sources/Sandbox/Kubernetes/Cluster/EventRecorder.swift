import Host

/// Writes Events as the components do: the same one again counts up instead of making another.
final class EventRecorder {
    private let store: KubernetesStore
    private var known: [String: String] = [:]
    private var serial = 0

    init(store: KubernetesStore) { self.store = store }

    func record(
        on object: JSON, warning: Bool = false, _ reason: String, _ message: String, from component: String,
        host: String? = nil, container: String? = nil
    ) {
        let namespace = object.namespace.isEmpty ? "default" : object.namespace
        let key = "\(object.uid)|\(reason)|\(message)|\(component)"
        let isScheduler = component == "default-scheduler"
        if let name = known[key], store.find(.events, name, in: namespace) != nil {
            again(name, namespace, isScheduler: isScheduler)
            return
        }
        let now = store.clock.now()
        serial += 1
        let name = "\(object.name).\(String(now.microsecondsSinceEpoch * 1000 + Int64(serial % 1000), radix: 16))"
        var involved: JSON = [
            "kind": .string(object.kind), "apiVersion": .string(object.apiVersion), "name": .string(object.name),
            "uid": .string(object.uid), "resourceVersion": .string(String(object.resourceVersion ?? 0)),
        ]
        if !object.namespace.isEmpty { involved["namespace"] = .string(object.namespace) }
        if let container { involved["fieldPath"] = .string("spec.containers{\(container)}") }
        var event: JSON = [
            "metadata": ["name": .string(name), "namespace": .string(namespace)], "involvedObject": involved,
            "reason": .string(reason), "message": .string(message), "type": warning ? "Warning" : "Normal",
            "reportingComponent": .string(component), "reportingInstance": .string(host ?? ""),
        ]
        if isScheduler {
            event["eventTime"] = .string(now.microTimestamp)
            (event["firstTimestamp"], event["lastTimestamp"]) = (.null, .null)
            event["source"] = .emptyObject
            event["action"] = reason == "Scheduled" ? "Binding" : "Scheduling"
            event["reportingInstance"] = "default-scheduler-control-plane"
        } else {
            (event["firstTimestamp"], event["lastTimestamp"]) = (.string(now.timestamp), .string(now.timestamp))
            event["eventTime"] = .null
            event["count"] = 1
            event["source"] = ["component": .string(component)]
            if let host { event[path: ["source", "host"]] = .string(host) }
        }
        // A namespace that is going takes no events.
        guard (try? store.create(.events, event, in: namespace)) != nil else { return }
        known[key] = name
    }

    private func again(_ name: String, _ namespace: String, isScheduler: Bool) {
        let now = store.clock.now()
        _ = try? store.modify(.events, name, in: namespace) { event in
            if isScheduler {
                let count = event[dotted: "series.count"]?.int ?? 1
                event["series"] = ["count": .int(count + 1), "lastObservedTime": .string(now.microTimestamp)]
            } else {
                event["count"] = .int((event["count"]?.int ?? 1) + 1)
                event["lastTimestamp"] = .string(now.timestamp)
            }
        }
    }

    func forget(_ uid: String) { known = known.filter { !$0.key.hasPrefix(uid + "|") } }
}
