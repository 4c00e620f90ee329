/// What a custom resource definition makes the API serve.
enum CustomDefinition {
    static func resources(_ definition: JSON) -> [APIResource] {
        let spec = definition["spec"] ?? .emptyObject
        let names = spec["names"] ?? .emptyObject
        guard let group = spec["group"]?.string, let plural = names["plural"]?.string,
            let kind = names["kind"]?.string
        else { return [] }
        return (spec["versions"]?.array ?? []).compactMap { version in
            guard let name = version["name"]?.string, version["served"]?.bool != false else { return nil }
            var traits: APIResource.Traits = [.custom, .generation]
            if version["subresources"]?["status"] != nil { traits.insert(.status) }
            if version["subresources"]?["scale"] != nil { traits.insert(.scale) }
            return APIResource(
                group, name, plural, kind, namespaced: spec["scope"]?.string != "Cluster",
                short: names["shortNames"]?.array?.compactMap(\.string) ?? [], traits,
                singular: names["singular"]?.string)
        }
    }

    static func defaults(_ definition: inout JSON) {
        let names = definition["spec"]?["names"]
        let kind = names?["kind"]?.string ?? ""
        Defaults.fill(&definition, ["spec", "names", "singular"], .string(kind.lowercased()))
        Defaults.fill(&definition, ["spec", "names", "listKind"], .string(kind + "List"))
        Defaults.fill(&definition, ["spec", "conversion", "strategy"], "None")
    }

    /// Served from the moment of its creation.
    static func accept(_ definition: inout JSON) {
        defaults(&definition)
        let now = definition["metadata"]?["creationTimestamp"] ?? .null
        func condition(_ type: String, _ reason: String, _ message: String) -> JSON {
            [
                "type": .string(type), "status": "True", "lastTransitionTime": now, "reason": .string(reason),
                "message": .string(message),
            ]
        }
        let stored = (definition["spec"]?["versions"]?.array ?? []).filter { $0["storage"]?.bool == true }
        definition["status"] = [
            "conditions": [
                condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            ],
            "acceptedNames": definition["spec"]?["names"] ?? .emptyObject,
            "storedVersions": .array(stored.compactMap { $0["name"] }),
        ]
    }
}
