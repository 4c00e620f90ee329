import Maintenance

/// What `${…}` in a plan refers to.
enum Reference: Hashable, Sendable {
    /// A variable of the environment in which Millwright runs. Resolved when a target is opened.
    case environment(String)
    /// A file's content, likewise.
    case file(String)
    /// An input of the procedure. Resolved when a run is made.
    case input(String)
    /// A measurement of a step before. Resolved when the step begins.
    case step(id: String, measurement: String)
    /// The item of a `for-each`.
    case each

    var written: String {
        switch self {
        case .environment(let name): "${env:\(name)}"
        case .file(let path): "${file:\(path)}"
        case .input(let name): "${inputs.\(name)}"
        case .step(let id, let measurement): "${steps.\(id).\(measurement)}"
        case .each: "${each}"
        }
    }

    /// Whether it stays in the plan that a run carries.
    var isForRunTime: Bool {
        switch self {
        case .environment, .file, .step: true
        case .input, .each: false
        }
    }
}

/// A text with its references. `$${` is the text `${`.
struct ReferenceText: Hashable, Sendable {
    enum Piece: Hashable, Sendable {
        case literal(String)
        case reference(Reference)
    }

    let pieces: [Piece]

    init(_ text: String) throws(ValueError) {
        var pieces: [Piece] = []
        var literal = ""
        var rest = text[...]
        func flush() {
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = ""
        }
        while let character = rest.first {
            if rest.hasPrefix("$${") {
                literal += "${"
                rest.removeFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw ValueError("a `${` is not closed by `}`; write `$${` where no reference is meant")
                }
                flush()
                pieces.append(
                    .reference(try Self.reference(String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end]))))
                rest = rest[rest.index(after: end)...]
            } else {
                literal.append(character)
                rest.removeFirst()
            }
            guard pieces.count <= PlanLimits.references else {
                throw ValueError("the text holds more than \(PlanLimits.references) references")
            }
        }
        flush()
        self.pieces = pieces
    }

    var references: [Reference] {
        pieces.compactMap { if case .reference(let reference) = $0 { reference } else { nil } }
    }

    /// The reference that the text consists of.
    var whole: Reference? {
        guard pieces.count == 1, case .reference(let reference) = pieces[0] else { return nil }
        return reference
    }

    /// The text as it is meant; `nil` where it has references.
    var plain: String? {
        var text = ""
        for piece in pieces {
            guard case .literal(let literal) = piece else { return nil }
            text += literal
        }
        return text
    }

    /// Puts texts in the place of the references that `replacement` knows; the rest stays a plan's text.
    func replacing(_ replacement: (Reference) -> String?) -> String {
        pieces.map { piece in
            switch piece {
            case .literal(let text): Self.escaped(text)
            case .reference(let reference): replacement(reference).map(Self.escaped) ?? reference.written
            }
        }.joined()
    }

    /// What a plan writes for a text that is no reference, whatever is in it: a value from outside adds no references.
    static func escaped(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let character = rest.first {
            if rest.hasPrefix("${") { result.append("$") }
            result.append(character)
            rest.removeFirst()
        }
        return result
    }

    private static let forms =
        "a reference is `${env:NAME}`, `${file:PATH}`, `${inputs.NAME}`, `${steps.ID.MEASUREMENT}` or `${each}`; write "
        + "`$${` where none is meant"

    private static func reference(_ text: String) throws(ValueError) -> Reference {
        if text == "each" { return .each }
        if text.hasPrefix("env:") {
            let name = String(text.dropFirst(4))
            let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard isName, let first = name.first, !first.isNumber else {
                throw ValueError("`${\(text)}` names no environment variable; write `${env:NAME}`")
            }
            return .environment(name)
        }
        if text.hasPrefix("file:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/") else {
                throw ValueError("`${\(text)}` names no file; write `${file:/PATH}` with the whole path")
            }
            return .file(path)
        }
        for later in ["exec:", "kubernetes:"] where text.hasPrefix(later) {
            throw ValueError("`${\(later)…}` is not part of this version; use `${env:NAME}` or `${file:PATH}`")
        }
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, parts[0] == "inputs", !parts[1].isEmpty { return .input(parts[1]) }
        if parts.count == 3, parts[0] == "steps", !parts[1].isEmpty, !parts[2].isEmpty {
            return .step(id: parts[1], measurement: parts[2])
        }
        throw ValueError("`${\(text.prefix(80))}` refers to nothing: \(forms)")
    }
}
