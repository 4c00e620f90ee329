import Synchronization

/// Lists that are being read in pages: every page is of the same moment.
final class ListSnapshots: Sendable {
    private let state = Mutex<[(key: String, items: [JSON])]>([])
    private static let kept = 64

    func keep(_ key: String, _ items: [JSON]) {
        state.withLock { kept in
            kept.append((key, items))
            if kept.count > Self.kept { kept.removeFirst() }
        }
    }

    func items(_ key: String) -> [JSON]? { state.withLock { $0.last { $0.key == key }?.items } }

    func forget() { state.withLock { $0 = [] } }
}

/// GET of one object or of a list.
struct ResourceReads: Sendable {
    let store: KubernetesStore
    let lists: ListSnapshots
    let request: APIRequest
    let path: ResourcePath

    var resource: APIResource { path.resource }

    func get() throws -> APIAnswer {
        let object = try store.get(resource, path.name ?? "", in: path.namespace ?? "")
        return .json(wantsTable ? table([object], list: object["metadata"] ?? .emptyObject) : served(object))
    }

    /// As the version that was asked for.
    func served(_ object: JSON) -> JSON {
        Conversion.served(object, as: resource)
    }

    func selectors() throws -> (labels: LabelSelector, fields: FieldSelector) {
        var fields = try FieldSelector(parsing: request["fieldSelector"] ?? "", for: resource)
        if let name = path.name { fields.terms.append(.init(path: "metadata.name", value: name, isEqual: true)) }
        return (try LabelSelector(parsing: request["labelSelector"] ?? ""), fields)
    }

    func list() throws -> APIAnswer {
        let (labels, fields) = try selectors()
        try checkVersion()
        let now = store.list(resource, in: path.namespace, labels: labels, fields: fields)
        let limit = request["limit"].flatMap { Int($0) } ?? 0
        var version = now.version
        var items = now.items[...]
        if let token = request["continue"], !token.isEmpty {
            let place = try ContinueToken(token)
            version = place.version
            guard version >= store.oldestVersion, let kept = lists.items(key(version)) else { throw expired(place) }
            items = kept.drop { ContinueToken.key(of: $0, path) < place.start }
        }
        var metadata: JSON = ["resourceVersion": .string(String(version))]
        if limit > 0, items.count > limit, let next = items.dropFirst(limit).first {
            if request["continue"] == nil { lists.keep(key(version), Array(items)) }
            metadata["continue"] = .string(
                ContinueToken(version: version, start: ContinueToken.key(of: next, path)).text)
            if (request["labelSelector"] ?? "").isEmpty, (request["fieldSelector"] ?? "").isEmpty {
                metadata["remainingItemCount"] = .int(items.count - limit)
            }
            items = items.prefix(limit)
        }
        if wantsTable { return .json(table(Array(items), list: metadata)) }
        if resource.traits.contains(.custom), metadata["continue"] == nil { metadata["continue"] = "" }
        return .json([
            "kind": .string(resource.kind + "List"), "apiVersion": .string(resource.apiVersion), "metadata": metadata,
            "items": .array(items.map(item)),
        ])
    }

    /// In a list, an object of a built-in kind does not repeat its kind.
    private func item(_ object: JSON) -> JSON {
        guard !resource.traits.contains(.custom) else { return served(object) }
        var object = served(object)
        object["kind"] = nil
        object["apiVersion"] = nil
        return object
    }

    private func key(_ version: Int) -> String {
        [
            String(version), resource.qualified, path.namespace ?? "*", request["labelSelector"] ?? "",
            request["fieldSelector"] ?? "",
        ].joined(separator: "|")
    }

    /// The version that was asked for, where there is one; 500 for no number, as the real server answers.
    func askedVersion() throws -> Int? {
        guard let text = request["resourceVersion"], !text.isEmpty else { return nil }
        guard let version = Int(text), version >= 0 else {
            throw KubernetesStatus(
                500, "",
                "resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax")
        }
        return version
    }

    private func checkVersion() throws {
        guard let asked = try askedVersion(), asked > store.version else { return }
        throw KubernetesStatus(
            504, "Timeout", "Timeout: Too large resource version: \(asked), current: \(store.version)",
            details: [
                "causes": [["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]]
            ], retryAfter: 1)
    }

    private func expired(_ place: ContinueToken) -> KubernetesStatus {
        KubernetesStatus(
            410, "Expired",
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                + "without the continue parameter, or use the continue token in this response to retrieve the "
                + "remainder of the results. Continuing with the provided token results in an inconsistent list - "
                + "objects that were created, modified, or deleted between the time the first chunk was returned and "
                + "now may show up in the list.")
    }

    // MARK: Tables

    var wantsTable: Bool { (request.header("accept") ?? "").contains("as=Table") }

    func table(_ items: [JSON], list: JSON, withColumns: Bool = true) -> JSON {
        let columns = TableColumns.of(resource)
        var table: JSON = [
            "kind": "Table", "apiVersion": .string(tableVersion), "metadata": list,
            "rows": .array(
                items.map { object in
                    [
                        "cells": .array(columns.map { $0.cell(object, store.clock.now()) }),
                        "object": embedded(object),
                    ]
                }),
        ]
        table[path: ["metadata", "managedFields"]] = nil
        table["columnDefinitions"] = withColumns ? .array(columns.map(\.definition)) : .null
        return table
    }

    private var tableVersion: String {
        (request.header("accept") ?? "").contains("v=v1;") ? "meta.k8s.io/v1" : "meta.k8s.io/v1beta1"
    }

    private func embedded(_ object: JSON) -> JSON {
        switch request["includeObject"] {
        case "None": .null
        case "Object": served(object)
        default:
            [
                "kind": "PartialObjectMetadata", "apiVersion": .string(tableVersion),
                "metadata": object["metadata"] ?? .emptyObject,
            ]
        }
    }
}

/// Where the next page of a list begins.
struct ContinueToken: Sendable {
    var version: Int
    var start: String

    init(version: Int, start: String) {
        self.version = version
        self.start = start
    }

    init(_ text: String) throws {
        func wrong(_ why: String) -> KubernetesStatus {
            .badRequest("invalid continue token: continue key is not valid: \(why)")
        }
        guard let bytes = Base64.decodeFromURL(text) else { throw wrong("illegal base64 data") }
        do {
            let token = try JSON(parsing: bytes)
            guard token["v"] == "meta.k8s.io/v1", let version = token["rv"]?.int, let start = token["start"]?.string
            else { throw wrong("incorrect encoded start resourceVersion") }
            self.init(version: version, start: start.filter { $0 != "\0" })
        } catch let error as JSONSyntaxError {
            throw wrong(error.description)
        }
    }

    var text: String {
        let token: JSON = ["v": "meta.k8s.io/v1", "rv": .int(version), "start": .string(start)]
        return Base64.encodeForURL(token.bytes)
    }

    /// By what a list is ordered.
    static func key(of object: JSON, _ path: ResourcePath) -> String {
        path.namespace == nil && path.resource.namespaced ? object.namespace + "/" + object.name : object.name
    }
}
