/// A JSON document of the stand-in API; whole numbers stay whole, because Go's decoders refuse `3.0` for an integer.
public enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    public static let emptyObject = JSON.object([:])

    /// The field of an object, or nil; setting nil removes it, and makes an object of what was none.
    public subscript(_ key: String) -> JSON? {
        get {
            if case .object(let fields) = self { fields[key] } else { nil }
        }
        set {
            if case .object(var fields) = self {
                self = .null  // So that the dictionary has one owner and is changed in place.
                fields[key] = newValue
                self = .object(fields)
            } else if let newValue {
                self = .object([key: newValue])
            }
        }
    }

    /// The item of a list, or nil when there is none.
    public subscript(_ index: Int) -> JSON? {
        if case .array(let items) = self, items.indices.contains(index) { items[index] } else { nil }
    }

    /// The value at a path of field names; setting makes the objects on the way.
    public subscript(path path: [String]) -> JSON? {
        get {
            var value: JSON? = self
            for key in path { value = value?[key] }
            return value
        }
        set {
            guard let first = path.first else {
                self = newValue ?? .null
                return
            }
            if path.count == 1 {
                self[first] = newValue
            } else {
                var inner = self[first] ?? .emptyObject
                if newValue == nil, self[first] == nil { return }
                inner[path: Array(path.dropFirst())] = newValue
                self[first] = inner
            }
        }
    }

    /// The value at a dotted path, as in `status.phase`; not for keys that hold dots themselves.
    public subscript(dotted path: String) -> JSON? {
        get { self[path: path.split(separator: ".").map(String.init)] }
        set { self[path: path.split(separator: ".").map(String.init)] = newValue }
    }

    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    public var object: [String: JSON]? { if case .object(let value) = self { value } else { nil } }
    public var int: Int? {
        switch self {
        case .int(let value): value
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }
    public var isNull: Bool { self == .null }

    /// The texts of an object of texts (labels, annotations); empty where it is something else.
    public var strings: [String: String] { (object ?? [:]).compactMapValues(\.string) }

    /// As Go reads it: a field that is null is not there.
    var withoutNulls: JSON {
        switch self {
        case .object(let fields): .object(fields.compactMapValues { $0.isNull ? nil : $0.withoutNulls })
        case .array(let items): .array(items.map(\.withoutNulls))
        default: self
        }
    }

    public init(_ strings: [String: String]) { self = .object(strings.mapValues(JSON.string)) }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}

/// The parts that every object of Kubernetes has.
extension JSON {
    public var kind: String { self["kind"]?.string ?? "" }
    public var apiVersion: String { self["apiVersion"]?.string ?? "" }
    public var name: String { self["metadata"]?["name"]?.string ?? "" }
    public var namespace: String { self["metadata"]?["namespace"]?.string ?? "" }
    public var uid: String { self["metadata"]?["uid"]?.string ?? "" }
    public var resourceVersion: Int? { self["metadata"]?["resourceVersion"]?.string.flatMap { Int($0) } }
    public var generation: Int { self["metadata"]?["generation"]?.int ?? 0 }
    public var labels: [String: String] { self["metadata"]?["labels"]?.strings ?? [:] }
    public var annotations: [String: String] { self["metadata"]?["annotations"]?.strings ?? [:] }
    public var owners: [JSON] { self["metadata"]?["ownerReferences"]?.array ?? [] }
    public var finalizers: [String] { self["metadata"]?["finalizers"]?.array?.compactMap(\.string) ?? [] }
    public var isBeingDeleted: Bool { self["metadata"]?["deletionTimestamp"]?.string != nil }
    /// The owner that is its controller, if any.
    public var controllerOwner: JSON? { owners.first { $0["controller"]?.bool == true } }
}
