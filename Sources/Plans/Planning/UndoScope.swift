import Maintenance

/// Which changes a step with `on-failure: undo` takes back besides its own work: those that it stands on, which is all that
/// it needs and all that this needs, and without `needs` everything before it in the plan; and with each of them what else
/// stands on it.
///
/// A change that says `on-failure: continue` stands by itself, for nothing behind it asks for its success: it stays. So
/// does one that an `undo` of the plan ends.
package struct UndoScope {
    private let steps: [RunStep]
    private let canUndo: [Bool]
    /// What each step stands on, by place.
    private let grounds: [Set<Int>]
    /// Ended by an `undo` of the plan: a final one whatever comes, another one before the step at that place.
    private let ended: [Int: Int]

    package init(_ steps: [RunStep], canUndo: (RunStep) -> Bool) {
        self.steps = steps
        self.canUndo = steps.map { $0.isChange && canUndo($0) }
        let places = Dictionary(steps.indices.map { (steps[$0].id, $0) }) { first, _ in first }
        var grounds: [Set<Int>] = []
        for (place, step) in steps.enumerated() {
            let direct = step.needs.map { $0 + step.namedSteps }?.compactMap { places[$0] } ?? Array(0..<place)
            grounds.append(direct.filter { $0 < place }.reduce(into: []) { $0.formUnion(grounds[$1].union([$1])) })
        }
        self.grounds = grounds
        var ended: [Int: Int] = [:]
        for (place, step) in steps.enumerated() {
            guard case .undo(let name)? = step.kind, let other = places[name] else { continue }
            ended[other] = step.isFinal == true ? -1 : min(ended[other] ?? place, place)
        }
        self.ended = ended
    }

    /// The steps, each with what it takes back.
    package var filled: [RunStep] {
        steps.enumerated().map { place, step in
            guard step.onFailure == .undo, step.isFinal != true else { return step }
            var step = step
            step.takesBack = takenBack(at: place).map { steps[$0].id }
            return step
        }
    }

    /// Nothing of what the step at that place would take back can be.
    func isVain(at place: Int) -> Bool {
        !canUndo[place] && (steps[place].isFinal == true || !takenBack(at: place).contains { canUndo[$0] })
    }

    private func takenBack(at place: Int) -> [Int] {
        let base = grounds[place].filter { isToGo($0, for: place) }
        let moved = base.filter { canUndo[$0] }
        return steps.indices.filter { other in
            base.contains(other)
                || other != place && !grounds[other].contains(place) && isToGo(other, for: place)
                    && !grounds[other].isDisjoint(with: moved)
        }
    }

    private func isToGo(_ other: Int, for place: Int) -> Bool {
        let step = steps[other]
        guard step.isChange, step.isFinal != true, step.disabled == nil, step.onFailure != .continue else {
            return false
        }
        guard let end = ended[other] else { return true }
        return end >= 0 && !grounds[place].contains(end)
    }
}

extension RunStep {
    /// The steps whose measurements it names: it begins when those are over.
    fileprivate var namedSteps: [String] {
        let conditions = [when, thresholds.warn, thresholds.fail].compactMap { $0 }
        let names = conditions.flatMap { (try? Condition($0))?.names ?? [] } + referencedMeasurements
        return names.compactMap { name in
            let path = name.hasPrefix("steps.") ? name.dropFirst(6) : name[...]
            return path.firstIndex(of: ".").map { String(path[..<$0]) }
        }
    }
}
