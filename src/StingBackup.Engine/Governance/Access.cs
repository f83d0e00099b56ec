using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Governance;

/// <summary>
/// The one place where rights are checked: every job of the engine asks here before it looks at anything else, so that a cmdlet, the executable and a direct call of the engine meet the same answer.
/// Where no role is given to anybody there is one administrator, and nothing is asked; whoever comes through the portal never profits from that.
/// </summary>
public static class Access
{
    /// <summary>A repository that is out of reach keeps nobody from being refused.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Refuses what the caller has no role for. The refusal stands in the audit log.</summary>
    /// <param name="installation">The installation; its caller is asked about.</param>
    /// <param name="command">The cmdlet, as <see cref="AccessTable"/> has it.</param>
    /// <exception cref="StingException"><c>AccessDenied</c>, <c>FeatureUnknown</c></exception>
    public static void Require(Installation installation, string command)
    {
        ArgumentNullException.ThrowIfNull(installation);
        if (Refusal(installation.Access, installation.Caller, installation.Caller.On(installation), command, installation.Configuration?.File) is { } refusal)
        {
            Record(installation, command, refusal);
            throw refusal;
        }
        // What a later program moved on, this one reads; it must not begin a deed whose last step would be refused.
        if (installation.Unwritable is { } unwritable && AccessTable.Writes(command))
        {
            throw unwritable;
        }
    }

    /// <summary>
    /// The same for what works before a repository is open, and without one. Whom the account gives no right is asked about once more where the repository can be opened: the host's key may carry the role, and
    /// a refusal has an audit log to stand in.
    /// </summary>
    /// <exception cref="StingException"><c>AccessDenied</c></exception>
    public static void Require(StingConfiguration configuration, string command)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (Refusal(configuration.Access, Caller.OfProcess, Caller.OfProcess.Identities, command, configuration.File) is not { } refusal)
        {
            return;
        }
        if (!Task.Run(() => RequireOpenAsync(configuration, command)).GetAwaiter().GetResult())
        {
            throw refusal;
        }
    }

    /// <summary>True where the repository could be opened, and gave the right.</summary>
    private static async Task<bool> RequireOpenAsync(StingConfiguration configuration, string command)
    {
        using var patience = new CancellationTokenSource(Patience);
        Installation installation;
        try
        {
            installation = await Installation.OpenAsync(configuration, new InstallationOptions(), patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StingException or OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            return false;   // no repository, no keys, or none that this account may read: the account alone counts
        }
        await using (installation.ConfigureAwait(false))
        {
            Require(installation, command);
            return true;
        }
    }

    /// <summary>Whether the caller has the role for a command. Records nothing.</summary>
    public static bool Allows(Installation installation, string command)
    {
        ArgumentNullException.ThrowIfNull(installation);
        return Refusal(installation.Access, installation.Caller, installation.Caller.On(installation), command, null) is null;
    }

    /// <summary>The same before an installation is open: of whoever asks a portal.</summary>
    public static bool Allows(StingConfiguration configuration, Caller caller, string command)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(caller);
        return Refusal(configuration.Access, caller, caller.Identities, command, null) is null;
    }

    private static StingException? Refusal(AccessPolicy policy, Caller caller, IReadOnlyList<AccessIdentity> identities, string command, string? file)
    {
        if ((!policy.IsMapped && caller.IsSoleAdministrator) || AccessTable.Free.Contains(command) || (caller.Own is not null && AccessTable.Own.Contains(command)))
        {
            return null;
        }
        var right = AccessTable.RightOf(command);
        var (holders, roles) = (AccessTable.HoldersOf(right), policy.RolesOf(identities));
        if (holders.Intersect(roles).Any())
        {
            return null;
        }
        var needed = string.Join(" or ", holders.Select(NameOf));
        return new StingException("AccessDenied", FailureKind.Refused,
            $"{caller.Actor} may not run {command}: that takes the role {needed}, and {(roles.Count == 0 ? "no role is given to" : $"{string.Join(", ", roles.Select(NameOf))} is what is given to")} {identities[0]}.", command,
            $"Have somebody run it who has that role ({string.Join(", ", holders.SelectMany(policy.IdentitiesOf).Select(i => i.ToString()).Distinct().DefaultIfEmpty("nobody has"))}), or add {identities[0]} to {string.Join(" or ", holders.Select(h => "access." + NameOf(h)))}{(file is null ? "" : $" in '{file}'")}.");
    }

    internal static string NameOf(AccessRole role) => AccessSettings.Roles[role].Name;

    /// <summary>A refusal is recorded where this host can sign it; that it could not be recorded refuses no less.</summary>
    private static void Record(Installation installation, string command, StingException refusal)
    {
        if (installation.Host is null || installation.IsLocalTierLost)
        {
            return;
        }
        try
        {
            Task.Run(async () =>
            {
                var log = await AuditLog.OpenAsync(installation, CancellationToken.None).ConfigureAwait(false);
                await log.AppendAsync(new AuditDraft(AuditEvent.Refused, command) { Outcome = refusal.ErrorId }, CancellationToken.None).ConfigureAwait(false);
            }).GetAwaiter().GetResult();
        }
        catch (StingException)
        {
            // A store that cannot be written, or a chain that was cut: whoever is refused is refused.
        }
    }
}
