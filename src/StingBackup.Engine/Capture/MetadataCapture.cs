using System.Globalization;
using Npgsql;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Jobs.Logging;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Wal;

namespace StingBackup.Engine.Capture;

/// <summary>
/// Captures a database server's write-ahead log in real time: plan, run, stop, status. Needs no repository and no key, so that no trouble with either can make a database wait.
/// </summary>
public static class MetadataCapture
{
    /// <summary>What the server is not told yet. Changes nothing.</summary>
    /// <exception cref="StingException"><c>CaptureNotConfigured</c>, <c>PostgresUnreachable</c>, <c>PostgresDenied</c>, <c>WalSlotTaken</c></exception>
    public static async ValueTask<CapturePlan> PlanAsync(StingConfiguration configuration, CancellationToken cancel)
    {
        Access.Require(configuration, "Start-StingMetadataCapture");
        var places = CapturePlaces.Of(configuration);
        var setup = await SetupAsync(places, cancel).ConfigureAwait(false);
        var plan = await setup.PlanAsync(cancel).ConfigureAwait(false);
        return new CapturePlan
        {
            Server = places.Receiver.Location, Role = places.Capture.Role, Slot = places.Capture.Slot, SpoolDirectory = places.Capture.Spool.Folder, WhenStalled = places.PolicyName,
            Steps = [.. plan.Steps.Select(s => new CaptureStep(s.What, s.Shown, s.Time == WalStepTime.First ? "at once" : "when the log streams", s.ByHand, s.NeedsRestart))],
            Notices = plan.Notices, Exact = new Prepared(places, setup, plan),
        };
    }

    /// <summary>
    /// Tells the server what it must know, then receives until it is cancelled, or stopped by <see cref="StopAsync"/>. The last event of a capture that was stopped is a
    /// <see cref="CompletedEvent"/> with a <see cref="CaptureStatus"/>. It survives restarts of the server; it ends with an error where going on would leave a gap.
    /// </summary>
    /// <exception cref="StingException"><c>WalGap</c>, <c>WalSpoolForeign</c>, <c>WalSpoolDamaged</c>, <c>WalSpoolBusy</c>, and what the server says</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(StingConfiguration configuration, CapturePlan plan, TimeProvider clock, CancellationToken cancel)
    {
        Access.Require(configuration, "Start-StingMetadataCapture");
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(plan);
        var job = JobStream.RunAsync(clock, async (output, token) =>
        {
            try
            {
                return await JobRegister.AroundAsync(JobPlace.Of(configuration, clock), "capture", output, async stop =>
                {
                    var prepared = plan.Exact as Prepared ?? (Prepared)(await PlanAsync(configuration, stop).ConfigureAwait(false)).Exact!;
                    await new CaptureRun(prepared.Places, prepared.Setup, clock, output).RunAsync(prepared.Plan, stop).ConfigureAwait(false);
                    return await ReadAsync(configuration, clock, stop).ConfigureAwait(false);
                }, token).ConfigureAwait(false);
            }
            catch (StingException e) when (e.ErrorId == "JobStopped")
            {
                output.Tell(e.Message);
                return await ReadAsync(configuration, clock, token).ConfigureAwait(false);
            }
        }, cancel);
        return JobLog.FollowAsync(configuration.Log, clock, "capture", job, cancel);
    }

    /// <summary>What a stop would take back. Changes nothing.</summary>
    /// <exception cref="StingException"><c>CaptureNotConfigured</c></exception>
    public static CaptureStopPlan PlanStop(StingConfiguration configuration, TimeProvider clock)
    {
        Access.Require(configuration, "Stop-StingMetadataCapture");
        ArgumentNullException.ThrowIfNull(clock);
        var places = CapturePlaces.Of(configuration);
        return new CaptureStopPlan
        {
            Server = places.Admin.Location, IsRunning = IsRunning(places, clock), SpoolDirectory = places.Capture.Spool.Folder,
            Statements = new WalServerSetup(places.Admin, new WalServerOptions(), places.AppliedFile).Applied,
        };
    }

    /// <summary>Ends the capture of this host, and takes back what the server was told: commits wait for nobody any more. The spool stays.</summary>
    /// <exception cref="StingException"><c>CaptureNotStopped</c>, and what the server says</exception>
    public static async ValueTask<CaptureStatus> StopAsync(StingConfiguration configuration, TimeProvider clock, CancellationToken cancel)
    {
        Access.Require(configuration, "Stop-StingMetadataCapture");
        ArgumentNullException.ThrowIfNull(clock);
        var places = CapturePlaces.Of(configuration);
        if (IsRunning(places, clock))
        {
            await EndAsync(places, clock, cancel).ConfigureAwait(false);
        }
        await new WalServerSetup(places.Admin, new WalServerOptions(), places.AppliedFile).TakeBackAsync(cancel).ConfigureAwait(false);
        return await ReadAsync(configuration, clock, cancel).ConfigureAwait(false);
    }

    /// <summary>How it stands; asks the server, but does not fail when that does not answer.</summary>
    /// <exception cref="StingException"><c>CaptureNotConfigured</c></exception>
    public static ValueTask<CaptureStatus> ReadAsync(StingConfiguration configuration, TimeProvider clock, CancellationToken cancel)
    {
        Access.Require(configuration, "Get-StingMetadataCapture");
        return new CaptureStatusReader(CapturePlaces.Of(configuration), clock).ReadAsync(cancel);
    }

    private static bool IsRunning(CapturePlaces places, TimeProvider clock) => StateFile.Read<CaptureHeartbeat>(places.HeartbeatFile)?.IsAlive(clock.GetUtcNow()) == true;

    /// <summary>Asks the capture's process to end, and waits for it.</summary>
    private static async Task EndAsync(CapturePlaces places, TimeProvider clock, CancellationToken cancel)
    {
        await File.WriteAllBytesAsync(places.StopRequest, [], cancel).ConfigureAwait(false);
        for (var started = clock.GetTimestamp(); IsRunning(places, clock); await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancel).ConfigureAwait(false))
        {
            if (clock.GetElapsedTime(started) > CaptureHeartbeat.Fresh * 2)
            {
                File.Delete(places.StopRequest);
                throw new StingException("CaptureNotStopped", FailureKind.Busy, $"The capture (process {StateFile.Read<CaptureHeartbeat>(places.HeartbeatFile)?.ProcessId}) did not end when it was asked to.", places.HeartbeatFile,
                    "End its service or process, then run it again.");
            }
        }
        File.Delete(places.StopRequest);
    }

    private static async Task<WalServerSetup> SetupAsync(CapturePlaces places, CancellationToken cancel)
    {
        var password = places.Receiver.PassFile is { } file
            ? PassFile.Find(file, places.Receiver, "replication") ?? PassFile.Find(file, places.Receiver, places.Receiver.MaintenanceDatabase) : null;
        return new WalServerSetup(places.Admin,
            new WalServerOptions { Slot = places.Capture.Slot, Role = places.Capture.Role, RolePassword = password, ReceiverAddress = await AddressAsync(places.Admin, cancel).ConfigureAwait(false) }, places.AppliedFile);
    }

    /// <summary>Where this host comes from, as the server sees it; null by the Unix socket.</summary>
    private static async Task<string?> AddressAsync(PostgresSettings admin, CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(admin, cancel).ConfigureAwait(false);
        await using var connection = await server.OpenAsync(admin.MaintenanceDatabase, cancel).ConfigureAwait(false);
        try
        {
            await using var command = new NpgsqlCommand("SELECT pg_catalog.host(pg_catalog.inet_client_addr())", connection);
            return await command.ExecuteScalarAsync(cancel).ConfigureAwait(false) is string address
                ? string.Create(CultureInfo.InvariantCulture, $"{address}/{(address.Contains(':', StringComparison.Ordinal) ? 128 : 32)}") : null;
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, "ask where this host comes from", admin);
        }
    }

    /// <summary>What a plan keeps for the run that executes it.</summary>
    private sealed record Prepared(CapturePlaces Places, WalServerSetup Setup, WalServerPlan Plan);
}
