import ClientPostgreSQL
import Maintenance

/// How many rows, and what they are: a sum of hashes, so that tallies of disjoint sets add up.
public struct Tally: Codable, Hashable, Sendable {
    let count: Int
    /// An exact whole number of any size, as PostgreSQL writes it.
    let sum: String

    init(count: Int, sum: String) {
        self.count = count
        self.sum = sum
    }

    init(_ rows: Rows) throws(CouldNotLook) {
        try self.init(rows.one(), "count", "sum")
    }

    init(_ row: Row, _ count: String, _ sum: String) throws(CouldNotLook) {
        self.init(count: try row.integer(count), sum: try row.text(sum))
    }

    /// True where `self` is `before` and `added` together.
    func isSum(of before: Tally, and added: Tally) -> Bool {
        guard count == before.count + added.count, let total = WholeNumber(sum), let first = WholeNumber(before.sum),
            let second = WholeNumber(added.sum)
        else { return false }
        return total == first + second
    }
}

/// A signed whole number of up to 38 digits: more than a sum of 2⁶³ hashes of 64 bits needs in practice.
struct WholeNumber: Equatable {
    private let value: Int128

    init?(_ text: String) {
        guard let value = Int128(text) else { return nil }
        self.value = value
    }

    private init(_ value: Int128) { self.value = value }

    static func + (left: WholeNumber, right: WholeNumber) -> WholeNumber { WholeNumber(left.value &+ right.value) }
}
