import Glibc

/// How many rows the keys of an index have, where only their mean is known.
enum KeyGroups {
    /// Keys drawn at random, none of them missing.
    static func poisson(mean: Double, count: Int, _ dice: inout Dice) -> [Int] {
        guard mean > 1.0001 else { return Array(repeating: 1, count: count) }
        var rate = mean
        for _ in 0..<50 { rate = mean * (1 - exp(-rate)) }
        var groups: [Int] = []
        groups.reserveCapacity(count)
        for index in 0..<count {
            if rate > 200 {
                groups.append(
                    max(1, Int((rate + rate.squareRoot() * (2 * dice.next() - 1) * 1.7).rounded())))
                continue
            }
            let place = (Double(index) + 0.5) / Double(count)
            let none = exp(-rate)
            var rows = 1
            var chance = none * rate
            var sum = chance / (1 - none)
            while sum < place, rows < 2000 {
                rows += 1
                chance *= rate / Double(rows)
                sum += chance / (1 - none)
            }
            groups.append(rows)
        }
        dice.shuffle(&groups)
        return groups
    }

    /// A few keys with many rows, and many with few.
    static func geometric(mean: Double, count: Int, _ dice: inout Dice) -> [Int] {
        guard mean > 1.0001 else { return Array(repeating: 1, count: count) }
        let base = log(1 - 1 / mean)
        var groups = (0..<count).map { index in
            1 + Int(log(1 - (Double(index) + 0.5) / Double(count)) / base)
        }
        dice.shuffle(&groups)
        return groups
    }

    /// So many draws of weighted values, each as often as its weight says.
    static func draws<Value>(_ weighted: [(weight: Double, value: Value)], count: Int) -> [Value] {
        guard var reached = weighted.first?.weight else { return [] }
        let total = weighted.reduce(0) { $0 + $1.weight }
        var index = 0
        return (0..<count).map { place in
            let wanted = (Double(place) + 0.5) / Double(count) * total
            while reached < wanted, index < weighted.count - 1 {
                index += 1
                reached += weighted[index].weight
            }
            return weighted[index].value
        }
    }
}
