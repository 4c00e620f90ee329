import Maintenance

/// Workloads by name: `worker`, `worker-*`, `statefulset/redis`, `daemonset/*`.
struct WorkloadPattern: Hashable, Sendable, ParameterValue {
    let kind: WorkloadKind?
    let name: String

    /// True where it names one workload, which then must be there.
    var isExact: Bool { !name.contains("*") }

    func matches(_ kind: WorkloadKind, _ candidate: String) -> Bool {
        (self.kind == nil || self.kind == kind) && Self.matches(name[...], candidate[...])
    }

    /// Between the stars the pieces must stand in order; greedy to the left is enough.
    private static func matches(_ pattern: Substring, _ text: Substring) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else { return pattern == text }
        guard text.hasPrefix(first), text.hasSuffix(last), text.count >= first.count + last.count else { return false }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }

    var written: String { (kind.map { "\($0.word)/" } ?? "") + name }
    static var typeName: String { "a workload such as worker, worker-* or statefulset/redis" }

    static func read(_ value: PlanValue) throws(ValueError) -> WorkloadPattern {
        let text = try scalar(value)
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var kind: WorkloadKind?
        if parts.count == 2 {
            kind = WorkloadKind(word: String(parts[0]))
            guard kind != nil else {
                throw ValueError(
                    "`\(parts[0])` is no kind of workload; there are deployment, statefulset and daemonset")
            }
        }
        guard let name = parts.last.map(String.init), isName(name) else {
            throw ValueError("`\(text)` is not \(typeName)")
        }
        return WorkloadPattern(kind: kind, name: name)
    }

    private static func isName(_ name: String) -> Bool {
        (1...253).contains(name.count)
            && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || "-.*".utf8.contains($0) }
    }
}
