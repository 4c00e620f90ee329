/// The API's description: no definitions, so that a client validates nothing by it and knows its own types; and for
/// each kind the one path by which older kubectls see that it takes a dry run.
enum OpenAPI {
    static func document(_ request: APIRequest, _ resources: [APIResource]) -> APIAnswer {
        guard (request.header("accept") ?? "").contains("protobuf") else {
            return .json([
                "swagger": "2.0", "info": ["title": "Kubernetes", "version": .string(Discovery.version)],
                "paths": [:], "definitions": [:],
            ])
        }
        let info = text(1, "Kubernetes") + text(2, Discovery.version)
        let paths = resources.filter { !$0.traits.contains(.virtual) }.flatMap { field(2, path($0)) }
        // As the real server names it: with the @ of the request's Accept, clients could not read it.
        let type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
        return APIAnswer(
            code: 200, headers: [("Content-Type", type)],
            body: .bytes(text(1, "2.0") + field(2, info) + field(8, paths) + field(9, [])))
    }

    /// A named path item with its `patch` operation.
    private static func path(_ resource: APIResource) -> [UInt8] {
        let prefix = resource.group.isEmpty ? "/api/v1" : "/apis/" + resource.apiVersion
        let place = resource.namespaced ? "/namespaces/{namespace}/" : "/"
        let kind = "group: \"\(resource.group)\"\nkind: \(resource.kind)\nversion: \(resource.version)\n"
        let parameter = field(1, field(2, field(3, text(2, "query") + text(4, "dryRun"))))
        let `extension` = text(1, "x-kubernetes-group-version-kind") + field(2, text(2, kind))
        let patch = field(8, parameter) + field(9, []) + field(13, `extension`)
        return text(1, prefix + place + resource.plural + "/{name}") + field(2, field(8, patch))
    }

    private static func text(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

    /// A field of bytes, as protocol buffers write it.
    private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(bytes.count) + bytes
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
