import ArgumentParser
import Engine
import Host
import Maintenance
import Plans

struct Notify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends a test notice over a channel of the estate, and says what the receiver answered.",
        discussion: "Exit codes: 0 delivered, 1 to some recipients only, 2 not sent, 3 perhaps sent.")

    @Argument(help: "The plan's file; its estate has the channels.")
    var plan: String

    @Argument(help: "The channel's name.")
    var channel: String

    @Option(help: "What the notice says.")
    var text = "A test of the channel, sent by hand."

    func run() async throws {
        let composition = Composition()
        let plan = try composition.plan(plan)
        let channels = plan.estate?.channels ?? [:]
        guard let chosen = channels[channel] else {
            let hint = channel.closest(among: channels.keys.sorted()).map { " Did you mean `\($0)`?" } ?? ""
            throw ValidationError("The estate has no channel `\(channel)`.\(hint)")
        }
        guard composition.catalogue.channels[chosen.kind]?.use != .heartbeat else {
            throw ValidationError("`\(channel)` is a heartbeat: a test would quieten the alarm that it is there for.")
        }
        let host = composition.host
        let now = host.now()
        let id = "test-\(RunID.make(at: now, host))"
        let notice = Notice(
            event: .test, service: plan.service, environment: "default", procedure: "notify", run: id, verdict: nil,
            hint: "millwright notify", at: now, text: text)
        let context = Context(
            host: host, deadline: host.steady() + EngineLimits.deliveryAttempt,
            label: WorkLabel(run: id, step: "delivery", unit: channel))
        let (outcome, _) = await ChannelSender(composition.catalogue, on: host).send(
            notice, id: "\(id).\(channel)", over: chosen, in: context)
        throw ExitCode(show(outcome).exitCode)
    }

    private func show(_ outcome: DeliveryOutcome) -> Verdict {
        let (verdict, text): (Verdict, String) =
            switch outcome {
            case .delivered(let receipt) where receipt.refused.isEmpty: (.pass, "delivered: \(receipt.text)")
            case .delivered(let receipt):
                (.warn, "delivered: \(receipt.text); refused: \(receipt.refused.joined(separator: ", "))")
            case .failed(let cause, _, _): (.fail, "not sent. \(cause.sentence)")
            case .perhapsSent(let cause): (.unknown, "unknown: perhaps sent. \(cause.sentence)")
            }
        Output.line("\(Style.sign(verdict)) \(channel): \(Style.plain(text))")
        return verdict
    }
}
