namespace StingBackup.Engine.Operations.Alerts.Channels;

/// <summary>Somewhere that alerts are sent to.</summary>
internal interface IAlertChannel
{
    /// <summary>Its name: <c>webhook</c>, <c>mail</c>, …</summary>
    string Name { get; }

    /// <summary>How long it may take.</summary>
    TimeSpan Patience => TimeSpan.FromSeconds(15);

    /// <summary>Sends a message; returns when the other side has taken it.</summary>
    /// <exception cref="StingException"><c>AlertUndelivered</c>, <c>AlertSecretUnreadable</c></exception>
    Task SendAsync(AlertMessage message, CancellationToken cancel);
}
