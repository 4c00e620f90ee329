/// The API's answer to what it refuses, in the words of the real server.
public struct KubernetesStatus: Error, Hashable, Sendable {
    public var code: Int
    public var reason: String
    public var message: String
    public var details: JSON?
    /// Seconds, sent as the header too.
    public var retryAfter: Int?

    public init(_ code: Int, _ reason: String, _ message: String, details: JSON? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retryAfter = retryAfter
    }

    /// The Status object.
    public var json: JSON {
        var status: JSON = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
            "code": .int(code),
        ]
        if !reason.isEmpty { status["reason"] = .string(reason) }
        var details = details
        if let retryAfter {
            details = details ?? .emptyObject
            details?["retryAfterSeconds"] = .int(retryAfter)
        }
        status["details"] = details
        return status
    }
}

/// What is wrong with one field.
public struct FieldCause: Hashable, Sendable {
    public var reason: String
    public var message: String
    public var field: String

    static func required(_ field: String, _ detail: String = "") -> FieldCause {
        FieldCause(
            reason: "FieldValueRequired", message: "Required value" + (detail.isEmpty ? "" : ": " + detail),
            field: field)
    }

    static func invalid(_ field: String, _ value: JSON, _ detail: String) -> FieldCause {
        FieldCause(
            reason: "FieldValueInvalid", message: "Invalid value: \(value.text): \(detail)", field: field)
    }

    static func forbidden(_ field: String, _ detail: String) -> FieldCause {
        FieldCause(reason: "FieldValueForbidden", message: "Forbidden: " + detail, field: field)
    }

    static func unsupported(_ field: String, _ value: JSON, _ supported: [String]) -> FieldCause {
        let list = supported.map { "\"\($0)\"" }.joined(separator: ", ")
        return FieldCause(
            reason: "FieldValueNotSupported", message: "Unsupported value: \(value.text): supported values: \(list)",
            field: field)
    }

    static func duplicate(_ field: String, _ value: JSON) -> FieldCause {
        FieldCause(reason: "FieldValueDuplicate", message: "Duplicate value: \(value.text)", field: field)
    }
}

extension KubernetesStatus {
    static func notFound(_ resource: APIResource, _ name: String) -> KubernetesStatus {
        KubernetesStatus(
            404, "NotFound", "\(resource.qualified) \"\(name)\" not found", details: details(resource, name))
    }

    static func alreadyExists(_ resource: APIResource, _ name: String) -> KubernetesStatus {
        KubernetesStatus(
            409, "AlreadyExists", "\(resource.qualified) \"\(name)\" already exists", details: details(resource, name))
    }

    static func conflict(_ resource: APIResource, _ name: String, _ why: String? = nil) -> KubernetesStatus {
        let why =
            why ?? "the object has been modified; please apply your changes to the latest version and try again"
        return KubernetesStatus(
            409, "Conflict", "Operation cannot be fulfilled on \(resource.qualified) \"\(name)\": \(why)",
            details: details(resource, name))
    }

    static func forbidden(_ resource: APIResource, _ name: String, _ why: String, causes: [JSON] = [])
        -> KubernetesStatus
    {
        var details = details(resource, name)
        if !causes.isEmpty { details["causes"] = .array(causes) }
        return KubernetesStatus(
            403, "Forbidden", "\(resource.qualified) \"\(name)\" is forbidden: \(why)", details: details)
    }

    static func invalid(_ resource: APIResource, _ name: String, _ causes: [FieldCause]) -> KubernetesStatus {
        let texts = causes.map { "\($0.field): \($0.message)" }
        let all = texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ", ") + "]"
        var details: JSON = [
            "name": .string(name), "kind": .string(resource.kind),
            "causes": .array(
                causes.map {
                    ["reason": .string($0.reason), "message": .string($0.message), "field": .string($0.field)]
                }),
        ]
        if !resource.group.isEmpty { details["group"] = .string(resource.group) }
        return KubernetesStatus(
            422, "Invalid", "\(resource.qualifiedKind) \"\(name)\" is invalid: \(all)", details: details)
    }

    static func badRequest(_ message: String) -> KubernetesStatus { KubernetesStatus(400, "BadRequest", message) }

    static func expired(_ asked: Int, oldest: Int) -> KubernetesStatus {
        KubernetesStatus(410, "Expired", "too old resource version: \(asked) (\(oldest))")
    }

    private static func details(_ resource: APIResource, _ name: String) -> JSON {
        var details: JSON = ["name": .string(name), "kind": .string(resource.plural)]
        if !resource.group.isEmpty { details["group"] = .string(resource.group) }
        return details
    }
}
