import Engine
public import Host
import Maintenance

/// Where numbers of a report come from: a step of a run, and what it saw.
public struct EvidenceNote: Codable, Sendable {
    public struct Look: Codable, Hashable, Sendable {
        public let source: String
        public let statement: String
        public let observedAt: Instant
        /// SHA-256 of the answer.
        public let digest: String
    }

    public let number: Int
    public let run: String
    public let step: String
    public internal(set) var looks: [Look] = []
    /// Looks that are not listed here.
    public internal(set) var more = 0
    /// Digests of the bodies in the journal that hold the whole.
    public let bodies: [String]
}

/// Gives each step of a run that a report quotes its number.
struct NoteBook {
    private(set) var notes: [EvidenceNote] = []
    private var numbers: [String: Int] = [:]

    /// `nil` once there are too many: the number is then found by its run and step.
    mutating func note(_ run: String, _ step: StepFacts) -> Int? {
        let key = "\(run)/\(step.id)"
        if let known = numbers[key] { return known }
        guard notes.count < ReportLimits.notes, !step.attachments.isEmpty else { return nil }
        let number = notes.count + 1
        numbers[key] = number
        notes.append(
            EvidenceNote(
                number: number, run: run, step: step.id,
                bodies: Self.chosen(step.attachments)))
        return number
    }

    /// The first, and the last: what a check said in the end.
    private static func chosen(_ digests: [String]) -> [String] {
        guard digests.count > ReportLimits.looksPerNote else { return digests }
        return Array(digests.prefix(ReportLimits.looksPerNote - 1) + digests.suffix(1))
    }
}

extension [EvidenceNote] {
    /// The digests of what they quote, each once.
    var wanted: [String] {
        var seen: Set<String> = []
        return flatMap(\.bodies).filter { seen.insert($0).inserted }
    }

    /// Puts in what the bodies say.
    mutating func fill(from looks: [String: [EvidenceNote.Look]]) {
        for index in indices {
            let all = self[index].bodies.flatMap { looks[$0] ?? [] }
            self[index].looks = Array<EvidenceNote.Look>(all.prefix(ReportLimits.looksPerNote))
            self[index].more = all.count - self[index].looks.count
        }
    }
}

extension EvidenceNote.Look {
    init(_ evidence: Evidence) {
        self.init(
            source: evidence.source, statement: Words.oneLine(evidence.statement), observedAt: evidence.observedAt,
            digest: evidence.digest)
    }
}
