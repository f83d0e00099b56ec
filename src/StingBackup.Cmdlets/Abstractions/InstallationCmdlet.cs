using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security;
using StingBackup.Engine;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>A cmdlet that works on the installation which the configuration describes.</summary>
public abstract class InstallationCmdlet : ConfiguredCmdlet
{
    private readonly ConcurrentQueue<string> _warnings = new();
    private Installation? _installation;
    private PassphrasePrompt? _prompt;

    private protected InstallationCmdlet()
    {
    }

    /// <summary>The passphrase that was given; a cmdlet that reads nothing secret has none.</summary>
    private protected virtual SecureString? GivenPassphrase => null;

    /// <summary>The installation, opened when it is first asked for.</summary>
    /// <exception cref="StingException">Configuration, keys or repository are missing, foreign or damaged; each names what.</exception>
    private protected Installation Installation => _installation ??= Open();

    /// <summary>Who acts, by which approval, and why.</summary>
    private protected virtual Caller Caller => Caller.OfProcess;

    /// <inheritdoc/>
    private protected override void TellWarnings()
    {
        while (!Cancel.IsCancellationRequested && _warnings.TryDequeue(out var warning))
        {
            WriteWarning(warning);
        }
    }

    private Installation Open()
    {
        var examined = Examine();
        _prompt = new PassphrasePrompt(Host.UI, GivenPassphrase);
        var installation = Wait(Installation.OpenAsync(examined, new InstallationOptions { Passphrase = _prompt.AskAsync, Caller = Caller, Warn = _warnings.Enqueue, Process = HostFacts.ProcessOf(Host) }, Cancel));
        try
        {
            // The engine's jobs ask the same once more; here nobody is asked a question, or shown a plan, that leads to a refusal.
            Access.Require(installation, MyInvocation.MyCommand.Name);
        }
        catch
        {
            Wait(installation.DisposeAsync());
            throw;
        }
        foreach (var warning in (installation.Keys?.Warnings ?? []).Concat(installation.OpeningFaults.Select(f => $"{f.Message} {f.Remedy}")))
        {
            WriteWarning(warning);
        }
        return installation;
    }

    /// <summary>Runs a job on the installation. In the background the job takes the installation over, and asks for nothing any more.</summary>
    private protected void RunJob(Func<Installation, CancellationToken, IAsyncEnumerable<JobEvent>> job, bool asJob, bool passThru)
    {
        var installation = Installation;
        if (!asJob)
        {
            RunJob(job(installation, Cancel), asJob: false, passThru);
            return;
        }
        _prompt!.Silence();
        _installation = null;
        RunJob(OwnAsync(installation, job), asJob: true, passThru);
    }

    private static async IAsyncEnumerable<JobEvent> OwnAsync(
        Installation installation, Func<Installation, CancellationToken, IAsyncEnumerable<JobEvent>> job, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await using var owned = installation.ConfigureAwait(false);
        await foreach (var happened in job(installation, cancel).ConfigureAwait(false))
        {
            yield return happened;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _installation is { } installation)
        {
            _installation = null;
            Wait(installation.DisposeAsync());
        }
        base.Dispose(disposing);
    }
}
