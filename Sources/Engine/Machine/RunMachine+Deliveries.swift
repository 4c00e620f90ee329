import Host
import Maintenance
import Plans

/// The verdict is made: people are told, and only then the run ends. Nothing here alters the verdict.
extension RunMachine {
    /// Every step is over.
    mutating func conclude(at now: Instant) -> [RunCommand] {
        let intents = state.deliveryIntents(at: now)
        // Nobody need be told of a question any more that nobody waits for.
        cancelDeliveries(at: now)
        guard !intents.isEmpty || !state.deliveries.allSatisfy(\.isOver) else { return end() }
        state.phase = .delivering(until: now + EngineLimits.deliveryTime)
        return intend(intents)
    }

    /// Tells people once of each step that waits for their word.
    mutating func tellOfQuestions(at now: Instant) -> [RunCommand] {
        guard state.phase == .running else { return [] }
        return intend(
            state.questionIntents(at: now).filter { intent in !state.deliveries.contains { $0.id == intent.id } })
    }

    private mutating func intend(_ intents: [DeliveryIntent]) -> [RunCommand] {
        state.deliveries += intents.map { DeliveryState($0) }
        return intents.map { .intendDelivery($0) }
    }

    /// Ends the run when no delivery is left.
    mutating func endWhenDelivered() -> [RunCommand] {
        guard case .delivering = state.phase, state.deliveries.allSatisfy(\.isOver) else { return [] }
        return end()
    }

    private mutating func end() -> [RunCommand] {
        state.phase = .ending
        return [.end(state.verdict)]
    }

    mutating func deliveryIntended(_ intent: DeliveryIntent, at now: Instant) -> [RunCommand] {
        update(intent.id) { delivery in
            guard delivery.phase == .planned else { return [] }
            // As it was recorded, with secrets masked.
            delivery.intent = intent
            return Self.send(&delivery, attempt: 1)
        }
    }

    mutating func deliveryDue(_ id: String, at now: Instant) -> [RunCommand] {
        update(id) { delivery in
            guard case .waiting(let attempt) = delivery.phase else { return [] }
            return Self.send(&delivery, attempt: attempt)
        }
    }

    mutating func deliveryTried(_ id: String, _ attempt: DeliveryAttempt, at now: Instant) -> [RunCommand] {
        let machine = self
        return update(id) { delivery in
            guard delivery.phase == .sending(attempt: attempt.attempt) else { return [] }
            delivery.attempts += 1
            if let attachment = attempt.attachment { delivery.attachments.append(attachment) }
            delivery.endedAt = now
            switch attempt.outcome {
            case .delivered(let receipt):
                delivery.phase = .delivered(receipt)
                return []
            case .failed(let cause, let mayRetry, let asked):
                delivery.lastFailure = cause
                delivery.phase = delivery.perhapsSent.map { .unknown($0) } ?? .failed(cause)
                return mayRetry ? machine.retry(&delivery, attempt.attempt, after: asked, at: now) : []
            case .perhapsSent(let cause):
                delivery.lastFailure = cause
                delivery.perhapsSent = cause
                delivery.phase = .unknown(cause)
                return machine.isIdempotent(delivery) ? machine.retry(&delivery, attempt.attempt, at: now) : []
            }
        }
    }

    /// Another attempt, where there is still time for one; otherwise the delivery stays as it is.
    private func retry(
        _ delivery: inout DeliveryState, _ attempt: Int, after asked: Duration? = nil, at now: Instant
    ) -> [RunCommand] {
        let pause = max(EngineLimits.deliveryBackoff * (1 << (2 * min(attempt - 1, 8))), asked ?? .zero)
        guard let until = lastAttempt(delivery), attempt < EngineLimits.deliveryAttempts, state.cancellation == nil,
            now + pause <= until
        else { return [] }
        delivery.phase = .waiting(attempt: attempt + 1)
        delivery.endedAt = nil
        return [.awaitDelivery(id: delivery.id, pause)]
    }

    /// Until when it is tried again; of a question as long as the step waits.
    private func lastAttempt(_ delivery: DeliveryState) -> Instant? {
        if case .delivering(let until) = state.phase { return until }
        guard let step = delivery.intent.notice.points.first?.step,
            case .awaitingDecision(let until)? = state.step(step)?.phase
        else { return nil }
        return until
    }

    private static func send(_ delivery: inout DeliveryState, attempt: Int) -> [RunCommand] {
        delivery.phase = .sending(attempt: attempt)
        return [.deliver(id: delivery.id, attempt: attempt)]
    }

    private func isIdempotent(_ delivery: DeliveryState) -> Bool {
        state.start?.plan.notices?.channels[delivery.intent.channel]?.isIdempotent == true
    }

    /// Somebody asked the run to stop: what only waits for another attempt is not tried again.
    mutating func cancelDeliveries(at now: Instant) {
        for index in state.deliveries.indices {
            guard case .waiting = state.deliveries[index].phase else { continue }
            let cause = state.deliveries[index].lastFailure ?? Cause(.cancelled, "Somebody asked the run to stop.")
            state.deliveries[index].phase = state.deliveries[index].perhapsSent.map { .unknown($0) } ?? .failed(cause)
            state.deliveries[index].endedAt = now
        }
    }

    /// A dead process had them in hand. What it had begun to send may have arrived; the rest certainly has not.
    mutating func recoverDeliveries(at now: Instant) -> [RunCommand] {
        if case .delivering = state.phase { state.phase = .delivering(until: now + EngineLimits.deliveryTime) }
        return state.deliveries.indices.compactMap { index in
            let delivery = state.deliveries[index]
            switch delivery.phase {
            case .planned: return .intendDelivery(delivery.intent)
            case .waiting: return .awaitDelivery(id: delivery.id, .zero)
            case .sending(let attempt):
                let cause = Cause(
                    .perhapsSent, "The process died while it was being sent: perhaps it arrived. It is not sent again.")
                guard isIdempotent(delivery) else {
                    return .noteDelivery(id: delivery.id, attempt: attempt, .perhapsSent(cause))
                }
                // Whatever becomes of the next attempt, this one may have arrived.
                state.deliveries[index].perhapsSent = Cause(
                    .perhapsSent, "The process died while it was being sent: perhaps it arrived.")
                return .deliver(id: delivery.id, attempt: attempt)
            case .delivered, .failed, .unknown: return nil
            }
        }
    }

    private mutating func update(_ id: String, _ body: (inout DeliveryState) -> [RunCommand]) -> [RunCommand] {
        guard let index = state.deliveries.firstIndex(where: { $0.id == id }) else { return [] }
        var delivery = state.deliveries[index]
        let commands = body(&delivery)
        state.deliveries[index] = delivery
        return commands
    }
}
