namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>What to call things at the server.</summary>
public sealed record WalServerOptions
{
    /// <summary>The replication slot, and the standby's name.</summary>
    public string Slot { get; init; } = "sting_capture";
    /// <summary>The role that receives.</summary>
    public string Role { get; init; } = "sting_capture";
    /// <summary>Password that the role gets when it has to be made; null: none (pg_hba.conf then decides by other means).</summary>
    public string? RolePassword { get; init; }
    /// <summary>Addresses from which the receiver comes, for the line of pg_hba.conf; null: by the Unix socket.</summary>
    public string? ReceiverAddress { get; init; }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"slot {Slot}, role {Role}";
}

/// <summary>When a step is due.</summary>
public enum WalStepTime
{
    /// <summary>Before a receiver can begin.</summary>
    First,
    /// <summary>Only once the receiver streams: from then on commits wait for it.</summary>
    WhenStreaming,
}

/// <summary>Something that the server must be told.</summary>
/// <param name="What">For people.</param>
/// <param name="Shown">The statement or line as it may be shown; secrets starred out.</param>
/// <param name="Time">When.</param>
/// <param name="ByHand">An administrator must do it; nothing here can.</param>
/// <param name="NeedsRestart">Takes effect when the server is started again.</param>
public sealed record WalServerStep(string What, string Shown, WalStepTime Time, bool ByHand, bool NeedsRestart)
{
    internal string Sql { get; init; } = "";
    internal string? Undo { get; init; }
}

/// <summary>What the server must be told so that no acknowledged commit is lost, and is not told yet. Printing it changes nothing.</summary>
/// <param name="Location">The server.</param>
/// <param name="Steps">In order; empty when all is as it must be.</param>
/// <param name="Notices">What weakens the promise.</param>
public sealed record WalServerPlan(string Location, IReadOnlyList<WalServerStep> Steps, IReadOnlyList<string> Notices)
{
    /// <summary>What only an administrator can do, first.</summary>
    public IEnumerable<WalServerStep> ByHand => Steps.Where(s => s.ByHand);
}
