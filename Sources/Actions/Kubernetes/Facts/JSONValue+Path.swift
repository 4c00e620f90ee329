import Host
import Maintenance

extension JSONValue {
    /// What lies at the end of a path; `nil` where a step of it is missing, or the value is null.
    func at(_ path: String...) -> JSONValue? {
        var value: JSONValue? = self
        for key in path { value = value?[key] }
        return value == .null ? nil : value
    }

    func text(_ path: String...) -> String? { walk(path)?.asText }

    func integer(_ path: String...) -> Int? {
        guard case .number(let number)? = walk(path) else { return nil }
        // No count of a cluster is that large; sums of counts must not overflow.
        return Int(exactly: min(max(number, -1e12), 1e12))
    }

    func flag(_ path: String...) -> Bool {
        if case .bool(let value)? = walk(path) { value } else { false }
    }

    func items(_ path: String...) -> [JSONValue] {
        if case .list(let items)? = walk(path) { items } else { [] }
    }

    func texts(_ path: String...) -> [String: String] {
        if case .object(let fields)? = walk(path) { fields.compactMapValues(\.asText) } else { [:] }
    }

    func instant(_ path: String...) -> Instant? { walk(path)?.asText.flatMap { Instant($0) } }

    private func walk(_ path: [String]) -> JSONValue? {
        var value: JSONValue? = self
        for key in path { value = value?[key] }
        return value
    }
}

/// A message of the cluster as a sentence may carry it: one line, no control characters, of bounded length.
func shown(_ message: String, limit: Int = KubernetesActionLimits.shownMessage) -> String {
    var text = ""
    var wasSpace = true
    for scalar in message.unicodeScalars.prefix(limit * 4) {
        let isBlank = scalar.properties.isWhitespace || scalar.value < 32 || scalar.value == 127
        if isBlank, wasSpace { continue }
        text.unicodeScalars.append(isBlank ? " " : scalar)
        wasSpace = isBlank
    }
    while text.last == " " || text.last == "." { text.removeLast() }
    return text.count > limit ? text.prefix(limit - 1) + "…" : text
}

extension Duration {
    /// `12s`, `4m`, `3h`, `2d`: how long something lasts, for people.
    var rough: String {
        let seconds = max(0, components.seconds)
        switch seconds {
        case ..<120: return "\(seconds)s"
        case ..<7200: return "\(seconds / 60)m"
        case ..<172_800: return "\(seconds / 3600)h"
        default: return "\(seconds / 86_400)d"
        }
    }
}
