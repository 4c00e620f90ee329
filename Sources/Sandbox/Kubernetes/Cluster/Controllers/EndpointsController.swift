/// The addresses behind a Service: Endpoints, and the same as an EndpointSlice.
struct EndpointsController {
    let store: KubernetesStore

    func serve(_ service: JSON) {
        guard !service.isBeingDeleted, let selector = service[dotted: "spec.selector"]?.strings, !selector.isEmpty
        else { return }
        let pods = store.list(.pods, in: service.namespace, labels: LabelSelector(selector)).items.filter { pod in
            !Workload.isDone(pod) && pod[dotted: "status.podIP"] != nil
        }
        writeEndpoints(service, pods)
        writeSlice(service, pods)
    }

    private func isServing(_ pod: JSON) -> Bool { Workload.isReady(pod) && !pod.isBeingDeleted }

    private func target(_ pod: JSON) -> JSON {
        [
            "kind": "Pod", "namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.uid),
        ]
    }

    private func ports(_ service: JSON) -> [JSON] {
        (service[dotted: "spec.ports"]?.array ?? []).map { port in
            var made: JSON = [
                "port": port["targetPort"]?.int.map(JSON.int) ?? port["port"] ?? 0,
                "protocol": port["protocol"] ?? "TCP",
            ]
            made["name"] = port["name"]
            return made
        }
    }

    private func writeEndpoints(_ service: JSON, _ pods: [JSON]) {
        func addresses(_ pods: [JSON]) -> JSON? {
            pods.isEmpty
                ? nil
                : .array(
                    pods.map { pod in
                        [
                            "ip": pod[dotted: "status.podIP"] ?? "", "nodeName": pod[dotted: "spec.nodeName"] ?? "",
                            "targetRef": target(pod),
                        ]
                    })
        }
        var subset: JSON = .emptyObject
        subset["addresses"] = addresses(pods.filter(isServing))
        subset["notReadyAddresses"] = addresses(pods.filter { !isServing($0) && !$0.isBeingDeleted })
        var endpoints: JSON = [
            "metadata": ["name": .string(service.name), "labels": JSON(service.labels)]
        ]
        if subset != .emptyObject {
            subset["ports"] = .array(ports(service))
            endpoints["subsets"] = [subset]
        }
        if store.find(.endpoints, service.name, in: service.namespace) == nil {
            _ = try? store.create(.endpoints, endpoints, in: service.namespace)
        } else {
            _ = try? store.modify(.endpoints, service.name, in: service.namespace) {
                $0["subsets"] = endpoints["subsets"]
            }
        }
    }

    private func writeSlice(_ service: JSON, _ pods: [JSON]) {
        let endpoints = pods.map { pod -> JSON in
            [
                "addresses": [pod[dotted: "status.podIP"] ?? ""],
                "conditions": [
                    "ready": .bool(isServing(pod)), "serving": .bool(Workload.isReady(pod)),
                    "terminating": .bool(pod.isBeingDeleted),
                ],
                "nodeName": pod[dotted: "spec.nodeName"] ?? "", "targetRef": target(pod),
            ]
        }
        let ports = ports(service).map { port -> JSON in
            var port = port
            port["name"] = port["name"] ?? ""
            return port
        }
        let known = store.dependents(of: service.uid).first { $0.kind == "EndpointSlice" }
        let trigger = store.clock.timestamp()
        let annotation = ["metadata", "annotations", "endpoints.kubernetes.io/last-change-trigger-time"]
        if let known {
            guard known["endpoints"]?.array ?? [] != endpoints || known["ports"]?.array != ports else { return }
            _ = try? store.modify(.endpointSlices, known.name, in: service.namespace) { slice in
                slice["endpoints"] = .array(endpoints)
                slice["ports"] = .array(ports)
                slice[path: annotation] = trigger
            }
            return
        }
        var slice: JSON = [
            "metadata": [
                "generateName": .string(service.name + "-"),
                "labels": [
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                    "kubernetes.io/service-name": .string(service.name),
                ],
                "ownerReferences": [Workload.reference(to: service)],
            ],
            "addressType": "IPv4", "endpoints": .array(endpoints), "ports": .array(ports),
        ]
        slice[path: annotation] = trigger
        _ = try? store.create(.endpointSlices, slice, in: service.namespace)
    }
}
