import Maintenance

/// Writes YAML as people write it: blocks for the skeleton, one line for each value.
struct YAMLText {
    private(set) var text = ""
    private var depth = 0
    private var isInItem = false

    private var indent: String { String(repeating: "  ", count: depth) }

    /// What comes from a service may hold line ends, which would end the comment.
    mutating func comment(_ words: String) {
        let line = words.map { $0.isNewline || $0.asciiValue.map { $0 < 32 } == true ? " " : $0 }
        text += "\(indent)# \(String(line.prefix(300)))\n"
    }

    mutating func open(_ key: String) {
        text += "\(indent)\(Self.scalar(key)):\n"
        depth += 1
    }

    mutating func close() { depth -= 1 }

    mutating func line(_ key: String, _ value: PlanValue) {
        text += "\(indent)\(Self.scalar(key)): \(Self.flow(value))\n"
    }

    /// The first key of a list's item; the others follow as lines.
    mutating func item(_ key: String, _ value: PlanValue) {
        text += "\(indent)- \(Self.scalar(key)): \(Self.flow(value))\n"
        depth += 1
    }

    mutating func endItem() { depth -= 1 }

    private static func flow(_ value: PlanValue) -> String {
        switch value {
        case .null: "null"
        case .text(let text): scalar(text)
        case .list(let items): "[\(items.map { flow($0) }.joined(separator: ", "))]"
        case .map(let entries):
            "{ \(entries.map { "\(scalar($0.key)): \(flow($0.value))" }.joined(separator: ", ")) }"
        }
    }

    /// Quoted wherever YAML could read it as something else.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            text.first.map { $0.isASCII && ($0.isLetter || $0.isNumber) } ?? false
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./%<>= ".contains($0)) }
            && !text.hasSuffix(" ")
        if isPlain { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.properties.generalCategory == .control || scalar.value > 0xFFFF:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
