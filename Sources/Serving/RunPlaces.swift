import Dispatching
import Engine
import Maintenance
import Plans
import Synchronization

/// What the runs in hand change: two that change one thing go one after the other, whatever their plans call it.
final class RunPlaces: Sendable {
    private let held = Mutex<[String: Set<Occurrence>]>([:])

    /// Takes all of them for a run, or none: `nil` when they are its own, else a run that has one of them.
    func take(_ places: Set<String>, for occurrence: Occurrence) -> Occurrence? {
        held.withLock { held in
            for place in places.sorted() {
                if let other = held[place]?.first(where: { $0 != occurrence }) { return other }
            }
            for place in places { held[place, default: []].insert(occurrence) }
            return nil
        }
    }

    /// Takes them for a run that goes on, whoever has them.
    func keep(_ places: Set<String>, for occurrence: Occurrence) {
        held.withLock { held in
            for place in places { held[place, default: []].insert(occurrence) }
        }
    }

    func release(_ occurrence: Occurrence) {
        held.withLock { held in
            for (place, owners) in held where owners.contains(occurrence) {
                held[place] = owners.count > 1 ? owners.subtracting([occurrence]) : nil
            }
        }
    }
}

extension RunStart {
    /// What the run may change. A target that could not be told when it began goes by its service and name, and its
    /// environment: elsewhere the name stands for something else.
    var changedPlaces: Set<String> {
        guard observeOnly != true else { return [] }
        let changed = Set(plan.steps.filter { $0.isChange && $0.disabled == nil }.flatMap(\.targets.values))
        return Set(changed.map { places?[$0] ?? "\(plan.service)/\(plan.environment)/\($0)" })
    }
}
