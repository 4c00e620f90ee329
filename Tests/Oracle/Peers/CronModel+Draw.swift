extension CronModel {
    init(_ draw: inout Draw) {
        minutes.items = Self.items(&draw, 0...59, all: 10, steps: 20)
        hours.items = Self.items(&draw, 0...23, all: 30, steps: 15)
        months.items = Self.items(&draw, 1...12, all: 65, steps: 8)
        months.isNamed = draw.percent(30)
        if draw.percent(15) {
            seconds = Field(bounds: 0...59, items: Self.items(&draw, 0...59, all: 5, steps: 25))
            if draw.percent(30) {
                let first = draw.number(2000...2040)
                years = first...(first + draw.number(0...20))
            }
        }
        drawDayOfMonth(&draw)
        drawWeekday(&draw)
        isAnd = restrictsBoth && draw.percent(60)
    }

    private mutating func drawDayOfMonth(_ draw: inout Draw) {
        switch draw.number(0...99) {
        case ..<50: break
        case ..<85: daysOfMonth.items = Self.items(&draw, 1...31, all: 0, steps: 15)
        case ..<93:
            hasLastDay = true
            daysOfMonth.items = draw.percent(50) ? [] : Self.items(&draw, 1...31, all: 0, steps: 0)
        default: workday = draw.percent(40) ? 0 : draw.number(1...31)
        }
        if workday != nil { daysOfMonth.items = [] }
    }

    private mutating func drawWeekday(_ draw: inout Draw) {
        switch draw.number(0...99) {
        case ..<45: break
        case ..<80:
            weekdays.items = Self.items(&draw, 0...6, all: 0, steps: 8)
            if draw.percent(15) { weekdays.items.append(Item(values: .range(7, 7))) }
            if draw.percent(10) { weekdays.items = [Item(values: .range(draw.number(2...6), 7))] }
            weekdays.isNamed = draw.percent(50)
        default:
            for _ in 0..<(draw.percent(80) ? 1 : 2) {
                nth.append(Nth(weekday: draw.number(0...7), number: draw.percent(30) ? -1 : draw.number(1...5)))
            }
            weekdays.items = draw.percent(90) ? [] : [Item(values: .range(3, 3))]
        }
    }

    private static func items(_ draw: inout Draw, _ bounds: ClosedRange<Int>, all: Int, steps: Int) -> [Item] {
        let dice = draw.number(0...99)
        if dice < all { return [Item(values: .all)] }
        if dice < all + steps { return [Item(values: .all, step: draw.number(2...max(2, bounds.upperBound / 2)))] }
        let kind = draw.number(0...99)
        switch kind {
        case ..<50: return [single(&draw, bounds)]
        case ..<70: return (0..<draw.number(2...4)).map { _ in single(&draw, bounds) }
        case ..<80: return [single(&draw, bounds), range(&draw, bounds)]
        default:
            var item = range(&draw, bounds)
            if kind >= 90 { item.step = draw.number(1...max(2, bounds.upperBound / 4)) }
            return [item]
        }
    }

    private static func single(_ draw: inout Draw, _ bounds: ClosedRange<Int>) -> Item {
        let value = draw.number(bounds)
        return Item(values: .range(value, value))
    }

    private static func range(_ draw: inout Draw, _ bounds: ClosedRange<Int>) -> Item {
        let low = draw.number(bounds.lowerBound...(bounds.upperBound - 1))
        return Item(values: .range(low, draw.number((low + 1)...bounds.upperBound)))
    }
}
