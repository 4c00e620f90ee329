/// The versions of a kind that is served in more than one: kept in the newest.
enum Conversion {
    static func kept(_ resource: APIResource) -> APIResource {
        isOldAutoscaler(resource) ? .horizontalPodAutoscalers : resource
    }

    static func served(_ object: JSON, as resource: APIResource) -> JSON {
        var object = object
        object["apiVersion"] = .string(resource.apiVersion)
        guard isOldAutoscaler(resource) else { return object }
        let metrics = object["spec"]?["metrics"]?.array ?? []
        let processor = metrics.first { $0["resource"]?["name"] == "cpu" }
        object[path: ["spec", "targetCPUUtilizationPercentage"]] =
            processor?["resource"]?["target"]?["averageUtilization"]
        object[path: ["spec", "metrics"]] = nil
        object["status"] = [
            "currentReplicas": object["status"]?["currentReplicas"] ?? 0,
            "desiredReplicas": object["status"]?["desiredReplicas"] ?? 0,
        ]
        return object
    }

    /// What is kept of an object in this version.
    static func stored(_ object: JSON, from resource: APIResource) -> JSON {
        guard isOldAutoscaler(resource) else { return object }
        var object = object
        object["apiVersion"] = .string(APIResource.horizontalPodAutoscalers.apiVersion)
        let percent = object["spec"]?["targetCPUUtilizationPercentage"] ?? 80
        object[path: ["spec", "targetCPUUtilizationPercentage"]] = nil
        object[path: ["spec", "metrics"]] = [
            [
                "type": "Resource",
                "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": percent]],
            ]
        ]
        return object
    }

    private static func isOldAutoscaler(_ resource: APIResource) -> Bool {
        resource.qualified == APIResource.horizontalPodAutoscalers.qualified && resource.version == "v1"
    }
}
