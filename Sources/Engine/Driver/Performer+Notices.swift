import Host
import Journal
import Maintenance
import Plans

extension Performer {
    /// The intent with every secret masked that came to light in the run: what is recorded is what is sent.
    func intend(_ intent: DeliveryIntent) -> Delivery {
        var recorded = intent
        recorded.notice = (try? targets.masker.masked(intent.notice)) ?? intent.notice.withoutTexts
        return Delivery(event: .deliveryIntended(recorded))
    }

    /// Sends once, within the time that an attempt has.
    func send(_ id: String, _ attempt: Int, _ machine: RunMachine) async -> Delivery? {
        guard let intent = machine.state.deliveries.first(where: { $0.id == id })?.intent else { return nil }
        // A name without a channel is a kind that nobody knows: that is said of the delivery, and the run ends.
        let channel = start.plan.notices?.channels[intent.channel] ?? RunChannel(kind: intent.channel, settings: .null)
        let begun = host.steady()
        let log = EvidenceLog(host: host)
        let context = Context(
            host: host, deadline: begun + EngineLimits.deliveryAttempt,
            label: WorkLabel(run: run, step: "delivery", unit: intent.channel), evidence: log)
        let (outcome, secrets) = await ChannelSender(catalogue, on: host).send(
            intent.notice, id: id, over: channel, in: context)
        targets.learn(secrets)
        let tried = DeliveryAttempt(
            attempt: attempt, outcome: outcome, seconds: (host.steady() - begun).inSeconds, attachment: nil)
        return deliver(log) { attachment in
            var tried = tried
            tried.attachment = attachment
            return .deliveryTried(id: id, tried)
        }
    }
}

extension Notice {
    /// What is left of it where its texts cannot be written without a secret.
    fileprivate var withoutTexts: Notice {
        var notice = self
        notice.morePoints += notice.points.count
        notice.points = []
        notice.text = nil
        return notice
    }
}
