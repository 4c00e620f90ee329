import Glibc

/// Stored sizes of so many made-up rows in one column, as its statistics describe them; `nil` is NULL.
struct ColumnDraws {
    let sizes: [Int?]
    /// True where the sizes are known and not only their mean.
    let isListed: Bool
    let isVariable: Bool

    /// How the values came into the column.
    enum Origin {
        case stored
        /// An expression's, whose mean width counts a header of four bytes.
        case computed
        /// A name in an index, of which no mean width is known.
        case name
    }

    /// `nil` where the statistics do not describe the column.
    init?(_ column: BloatColumn, origin: Origin = .stored, count: Int, _ dice: inout Dice) {
        guard !column.isDropped else {
            self.init(sizes: Array(repeating: nil, count: count), isListed: true, isVariable: false)
            return
        }
        guard column.isRequired || column.statistics != nil else { return nil }
        let nulls = column.nulls
        if column.shape.length > 0, origin != .name {
            self.init(
                [(nulls, nil), (1 - nulls, column.shape.length)], count, isListed: true, isVariable: false,
                &dice)
            return
        }
        guard let statistics = column.statistics else { return nil }
        guard nulls < 1 else {
            self.init(sizes: Array(repeating: nil, count: count), isListed: true, isVariable: false)
            return
        }
        let sizes = Self.distribution(column, statistics, origin).sorted { $0.size < $1.size }
        if let least = sizes.first?.size, let most = sizes.last?.size {
            let weighted = sizes.map { (weight: $0.weight, value: Int?.some($0.size)) }
            self.init([(nulls, nil)] + weighted, count, isListed: true, isVariable: least != most, &dice)
            return
        }
        let width = statistics.width
        if ["inet", "cidr"].contains(column.type), width == 7 || width == 19 {
            self.init(
                [(nulls, nil), (1 - nulls, width)], count, isListed: true, isVariable: false, &dice)
            return
        }
        let around = (0..<8).map { (weight: (1 - nulls) / 8, value: Int?.some(max(1, width - 3) + $0)) }
        self.init([(nulls, nil)] + around, count, isListed: false, isVariable: true, &dice)
    }

    private init(sizes: [Int?], isListed: Bool, isVariable: Bool) {
        self.sizes = sizes
        self.isListed = isListed
        self.isVariable = isVariable
    }

    private init(
        _ weighted: [(weight: Double, value: Int?)], _ count: Int, isListed: Bool, isVariable: Bool,
        _ dice: inout Dice
    ) {
        var sizes = KeyGroups.draws(weighted, count: count)
        dice.shuffle(&sizes)
        self.init(sizes: sizes, isListed: isListed, isVariable: isVariable)
    }

    /// Sizes with their weights, from the values that the statistics list; empty where those do not describe the column:
    /// values that were compressed or moved out, and very wide ones, which are not listed.
    private static func distribution(
        _ column: BloatColumn, _ statistics: ColumnStatistics, _ origin: Origin
    ) -> [(weight: Double, size: Int)] {
        let (common, bounds) = (statistics.common, statistics.bounds)
        guard !common.isEmpty || !bounds.isEmpty, column.shape.length == -1 || origin == .name,
            column.shape.storage != .plain || origin == .name
        else { return [] }
        let listed = statistics.frequencies.reduce(0, +)
        let rest = max(0, 1 - column.nulls - listed)
        if bounds.isEmpty, rest > 0.02 { return [] }
        var sizes = zip(statistics.frequencies, common).map {
            (weight: $0, size: PageLayout.stored($1))
        }
        sizes += bounds.map { (weight: rest / Double(bounds.count), size: PageLayout.stored($0)) }
        let weight = sizes.reduce(0) { $0 + $1.weight }
        guard weight > 0 else { return [] }
        let mean = sizes.reduce(0) { $0 + $1.weight * Double($1.size) } / weight
        let spread = (sizes.reduce(0) { $0 + $1.weight * pow(Double($1.size) - mean, 2) } / weight)
            .squareRoot()
        let tolerance = 0.4 * spread
        // The mean width is cut to a whole number.
        let width = origin == .name ? mean - 0.5 : Double(statistics.width)
        if origin == .computed || column.isMissingInRows {
            return abs(width - 3 - mean) <= tolerance + 4 ? sizes : []
        }
        let wanted = min(max(mean, width), width + 0.99)
        guard abs(wanted - mean) <= tolerance + 1 else { return [] }
        guard wanted != mean else { return sizes }
        return sizes.map {
            ($0.weight, max(1, Int((Double($0.size) * wanted / mean).rounded(.toNearestOrEven))))
        }
    }
}
