/// A program whose answers are compared; each has a driver in script/oracle.
enum Peer: String, CaseIterable {
    case cronsim, croniter, fugit, robfig, systemd, rrule

    /// The slow ones are asked for a part of the cases: each so manieth.
    var stride: Int {
        switch self {
        case .fugit: 20
        case .systemd: 5
        default: 1
        }
    }

    /// The same schedule as it is written here.
    func text(_ example: Case) -> String { self == .rrule ? example.recurrence.text : example.model.text }

    func expression(_ example: Case) -> String? {
        let model = example.model
        return switch self {
        case .cronsim: model.cronsim
        case .croniter: model.croniter
        case .fugit: model.fugit
        case .robfig: model.robfig
        case .systemd: model.systemd
        case .rrule: (example.recurrence.start ?? "-") + " " + example.recurrence.rule
        }
    }
}
