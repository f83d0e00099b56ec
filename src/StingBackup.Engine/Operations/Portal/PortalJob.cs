using System.Security;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Portal;

/// <summary>Runs the portal: a process of its own, which gets the key file's passphrase on its standard input, and ends when that does.</summary>
public static class PortalJob
{
    private const string Command = "Start-StingPortal";

    /// <summary>What it would do. Changes nothing.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="program">The program: <c>sting-portal</c>.</param>
    /// <exception cref="StingException"><c>PortalProgramMissing</c>, <c>KeyDirectoryMissing</c>, <c>PortalCertificateUnusable</c>, <c>PortalKeyExposed</c></exception>
    public static PortalPlan Plan(Installation installation, string program)
    {
        Access.Require(installation, Command);
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(program);
        var configuration = Of(installation);
        if (!File.Exists(program))
        {
            throw new StingException("PortalProgramMissing", FailureKind.NotFound, $"The portal's program is not there: '{program}'.", program, "Put the build's folder portal beside the folder module, as the build has them.");
        }
        var options = configuration.Portal;
        DateTimeOffset? ends = null;
        if (options.Certificate is { } files)
        {
            var read = PortalCertificates.Read(files, installation.Clock.GetUtcNow());
            ends = new DateTimeOffset(read[0].NotAfter);
            read.ToList().ForEach(c => c.Dispose());
        }
        return new PortalPlan
        {
            ConfigurationFile = configuration.File, Address = options.Address, SeenAt = options.Seen.GetLeftPart(UriPartial.Authority), SignIn = SignInOf(options), Certificate = options.Certificate?.File, CertificateEnds = ends,
            Unlocks = UnlocksOf(installation), Program = program,
        };
    }

    /// <summary>Runs it until it is cancelled, or told to end by <c>Stop-StingBackupJob</c>; the last event is a <see cref="PortalRun"/>.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="passphrase">The key file's; null where none seals it.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="StingException"><c>PassphraseNeeded</c>, <c>PortalNotStarted</c>, <c>PortalAddressTaken</c>, <c>PortalEnded</c>, and whatever the portal itself cannot start for</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, PortalPlan plan, SecureString? passphrase, CancellationToken cancel)
    {
        Access.Require(installation, Command);
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        if (installation.Keys is { NeedsPassphrase: true } keys && passphrase is not { Length: > 0 })
        {
            throw Needed(keys.KeyFilePath);
        }
        return JobStream.RunAsync(installation.Clock, async (output, token) =>
        {
            var portal = new PortalChild(plan, installation.Clock, output);
            try
            {
                return await JobRegister.AroundAsync(installation.JobPlace, "portal", output, stop => RunAsync(installation, portal, passphrase, stop), token).ConfigureAwait(false);
            }
            catch (StingException e) when (e.ErrorId == "JobStopped" && portal.Run is { } run)
            {
                // An order that was followed is no failure.
                output.Tell(e.Message);
                return run;
            }
            finally
            {
                await portal.DisposeAsync().ConfigureAwait(false);
            }
        }, cancel);
    }

    private static async Task<object> RunAsync(Installation installation, PortalChild portal, SecureString? passphrase, CancellationToken cancel)
    {
        using (var secret = Installation.ToSecret(passphrase))
        {
            await portal.StartAsync(secret, cancel).ConfigureAwait(false);
        }
        await AuditLog.NoteAsync(installation, Command, [], "Started", cancel).ConfigureAwait(false);
        return await portal.UntilEndAsync(cancel).ConfigureAwait(false);
    }

    private static StingConfiguration Of(Installation installation) => installation.Configuration
        ?? throw new StingException("PortalNotStarted", FailureKind.InvalidArgument, "The portal needs a configuration file.", null, "Give -ConfigPath (--config).");

    private static string SignInOf(PortalOptions options) => options.SignIn switch
    {
        PortalSignIn.Kratos => $"sessions of Ory Kratos at {options.Kratos}",
        PortalSignIn.OpenIdConnect => $"OpenID Connect, {options.Oidc!.Issuer}",
        _ => "links for one use (New-StingPortalLink)",
    };

    private static string UnlocksOf(Installation installation) => installation.Keys switch
    {
        null => "nothing: no key file is on this host, and nobody can look into a restore point",
        var keys => $"what opens the backups of everybody, {(keys.Protection switch { KeyFileProtection.Passphrase => "by the key file's passphrase", KeyFileProtection.KeyVault => "by Vault", _ => "which lies open on this host anyway" })}; for each person the portal uses that person's keys alone",
    };

    private static StingException Needed(string keyFile) => new("PassphraseNeeded", FailureKind.Authentication, $"The portal opens backups with the key file '{keyFile}', which a passphrase seals.", keyFile,
        "Give -Passphrase (--passphrase-file, STING_BACKUP_PASSPHRASE), or type it where somebody can be asked. A portal that starts by itself is better off with key_vault.");
}
