public import Maintenance

/// Every kind of channel.
public enum NoticeChannels {
    public static let all = [
        ChannelKindDefinition(WebhookChannel.self), ChannelKindDefinition(MailChannel.self),
        ChannelKindDefinition(HeartbeatChannel.self),
    ]
}
