import Engine

/// How a run, one of its steps, units or deliveries stands when something goes wrong.
enum EngineSituation: Int, CaseIterable {
    case running, delivering, ending
    case stepPending, observing, previewing, working, awaitingWindow, awaitingDecision, stepWaiting, proving,
        stepUndoing, takingBack, skipped, stepDone
    case planned, preparing, intended, waiting, repairing, done, failed, unknown, left, undoing, undone
    case deliveryPlanned, sending, deliveryWaiting, delivered, deliveryFailed, deliveryUnknown
}

extension Run {
    /// Everything of it that stands somewhere.
    var situations: Set<EngineSituation> {
        var found: Set<EngineSituation> = []
        switch phase {
        case .new, .ended: return []
        case .running: found.insert(.running)
        case .delivering: found.insert(.delivering)
        case .ending: found.insert(.ending)
        }
        for step in steps {
            found.insert(step.situation)
            for unit in step.units { found.insert(unit.situation) }
        }
        for delivery in deliveries { found.insert(delivery.situation) }
        return found
    }
}

extension StepState {
    fileprivate var situation: EngineSituation {
        switch phase {
        case .pending: .stepPending
        case .observing: .observing
        case .previewing: .previewing
        case .working: .working
        case .awaitingWindow: .awaitingWindow
        case .awaitingDecision: .awaitingDecision
        case .waiting: .stepWaiting
        case .proving: .proving
        case .undoing: .stepUndoing
        case .takingBack: .takingBack
        case .skipped: .skipped
        case .done: .stepDone
        }
    }
}

extension UnitState {
    fileprivate var situation: EngineSituation {
        switch phase {
        case .planned: .planned
        case .preparing: .preparing
        case .intended: .intended
        case .waiting: .waiting
        case .repairing: .repairing
        case .done: .done
        case .failed: .failed
        case .unknown: .unknown
        case .left: .left
        case .undoing: .undoing
        case .undone: .undone
        }
    }
}

extension DeliveryState {
    fileprivate var situation: EngineSituation {
        switch phase {
        case .planned: .deliveryPlanned
        case .sending: .sending
        case .waiting: .deliveryWaiting
        case .delivered: .delivered
        case .failed: .deliveryFailed
        case .unknown: .deliveryUnknown
        }
    }
}
