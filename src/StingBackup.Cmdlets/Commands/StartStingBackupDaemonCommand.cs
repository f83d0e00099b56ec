using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine;
using StingBackup.Engine.Operations.Daemon;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Runs all that is scheduled in one process, until it is stopped.</summary>
[Cmdlet(VerbsLifecycle.Start, "StingBackupDaemon", SupportsShouldProcess = true)]
[OutputType(typeof(DaemonRun), typeof(DaemonPlan))]
public sealed class StartStingBackupDaemonCommand : ConfiguredCmdlet
{
    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background of this session, and output the job; a service manager keeps it running better")]
    public SwitchParameter AsJob { get; set; }

    private protected override void Execute()
    {
        var configuration = Examine().Require();
        var plan = BackupDaemon.Plan(configuration, TimeProvider.System);
        var question = new Question("Daemon", $"Run {plan.Timers.Count} tasks until stopped", [.. plan.Timers.Select(t => $"{t.Task}: {t.At} {t.TimeZone}, next at {Display.Time(t.NextTime)}")], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            // Each task reads the configuration anew, so that a change counts from the next one on.
            var (host, file) = (HostView, configuration.File);
            // Nobody waits for a daemon, whatever it runs in.
            var process = HostFacts.ProcessOf(Host) with { IsUnattended = true };
            var daemon = new DaemonHost(cancel => Installation.OpenAsync(new ConfigurationLoader(host).Examine(file), new InstallationOptions { Process = process }, cancel), TimeProvider.System) { JitterSeconds = configuration.JitterSeconds };
            RunJob(BackupDaemon.RunAsync(configuration, daemon, AsJob ? CancellationToken.None : Cancel), AsJob, passThru: true);
        }
    }
}
