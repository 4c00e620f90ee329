import Maintenance

/// What a rewrite would make of a relation, and how far that can be believed.
struct BloatEstimate: Sendable {
    /// What it rests on.
    enum Basis: String, Sendable {
        /// The catalog and the statistics of ANALYZE.
        case statistics
        /// All of the relation was read.
        case read
        /// Some of its blocks were.
        case sample
    }

    var needed: Int
    /// By how many points of the relation's size it may be off.
    var error: Double
    var basis: Basis
    var notes: [String]
}

/// One relation as the check reports it.
struct RelationBloat: Sendable {
    enum Kind: String, Sendable { case table, index }
    enum Trust: String, Sendable { case trusted, sampled, unknown }

    let relation: String
    let kind: Kind
    /// The table's oid, or that of the index's table.
    let table: Int
    let bytes: Int
    let result: Result<BloatEstimate, CouldNotLook>

    /// An error of a page or two in a small index is no reason to say nothing.
    init(
        _ relation: String, _ kind: Kind, table: Int, bytes: Int,
        _ result: Result<BloatEstimate, CouldNotLook>
    ) {
        self.relation = relation
        self.kind = kind
        self.table = table
        self.bytes = bytes
        guard case .success(let estimate) = result, estimate.error > BloatLimits.shownError,
            estimate.error * Double(bytes) / 100 > 1.5 * Double(PageLayout.page)
        else {
            self.result = result
            return
        }
        let error = "it may be off by \(Int(estimate.error.rounded())) points"
        self.result = .failure(
            CouldNotLook(.noData, ([error] + estimate.notes).joined(separator: "; ")))
    }

    var estimate: BloatEstimate? { try? result.get() }

    var trust: Trust {
        guard let estimate else { return .unknown }
        return estimate.error <= BloatLimits.trustedError ? .trusted : .sampled
    }

    /// A rewrite may also need more than there is: then there is no bloat.
    var bloatBytes: Int? { estimate.map { max(0, bytes - $0.needed) } }

    var bloatPercent: Double? { bloatBytes.map { bytes > 0 ? 100 * Double($0) / Double(bytes) : 0 } }

    /// Why it is not known, or what the figure rests on.
    var cause: Cause {
        switch result {
        case .success(let estimate): Cause(.noData, estimate.notes.joined(separator: "; "))
        case .failure(let error): error.cause
        }
    }

    var detail: [String: JSONValue] {
        func tenths(_ value: Double) -> JSONValue { .number((value * 10).rounded() / 10) }
        return [
            "relation": .text(relation), "kind": .text(kind.rawValue), "bytes": .number(Double(bytes)),
            "bloat_bytes": bloatBytes.map { .number(Double($0)) } ?? .null,
            "bloat_percent": bloatPercent.map(tenths) ?? .null,
            "error_points": estimate.map { tenths($0.error) } ?? .null, "trust": .text(trust.rawValue),
            "basis": .text(estimate?.basis.rawValue ?? "none"), "cause": .text(cause.sentence),
        ]
    }
}

/// The bounds of looking at bloat, each with what it protects.
enum BloatLimits {
    /// Points up to which a figure is trusted, and up to which it is shown at all.
    static let trustedError = 2.5
    static let shownError = 10.0
    /// Blocks up to which a table's rows are counted, and all of a small index is read.
    static let countedBlocks = 4096
    static let countedIndexBlocks = 1024
    /// Blocks of a larger table in which they are.
    static let densityBlocks = 768
    /// Blocks whose rows are measured.
    static let sampledBlocks = 48...256
    /// Rows that are wanted for it; more where values are kept apart.
    static let sampledRows = 800.0
    static let sampledRowsWithToast = 4000.0
    /// Keys whose rows are counted through the index, and again when their own error is what matters.
    static let keys = 400
    static let keysAgain = 2400
    /// Rows of a key that are counted, and of a key with very many.
    static let rowsOfKey = 300
    static let rowsOfGiant = 3000
    /// Longest that one statement may read.
    static let reading = 1000
    /// Between two looks whether somebody waits for a statement that reads.
    static let watching = Duration.milliseconds(40)
    /// Rows that are made up where statistics describe them.
    static let rows = 512
    /// Change since the last ANALYZE up to which its statistics count.
    static let freshShare = 0.1
}
