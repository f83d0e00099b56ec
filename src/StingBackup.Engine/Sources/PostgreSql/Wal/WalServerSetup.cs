using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>
/// Plans, applies and takes back what a server is told. What was applied is written beside the spool before it is done, with the statement that takes it back; so it
/// can be taken back after any crash. <c>synchronous_standby_names</c> is set alone when it was empty; one that others use is left to the administrator.
/// </summary>
/// <param name="settings">The cluster, as a superuser.</param>
/// <param name="options">Names.</param>
/// <param name="stateFile">Where what was applied is written.</param>
public sealed class WalServerSetup(PostgresSettings settings, WalServerOptions options, string stateFile)
{
    private const string Standbys = "synchronous_standby_names";

    /// <summary>What is not as it must be.</summary>
    public async Task<WalServerPlan> PlanAsync(CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        await using var connection = await server.OpenAsync(settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        try
        {
            var steps = new List<WalServerStep>();
            var notices = new List<string>();
            await PlanSettingsAsync(connection, steps, notices, cancel).ConfigureAwait(false);
            await PlanRoleAsync(connection, steps, cancel).ConfigureAwait(false);
            await PlanStandbyAsync(connection, steps, notices, cancel).ConfigureAwait(false);
            return new WalServerPlan(settings.Location, steps, notices);
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, "ask what the server needs for a synchronous standby", settings);
        }
    }

    /// <summary>Executes the steps of a plan that are due at a time and not by hand.</summary>
    public async Task ApplyAsync(WalServerPlan plan, WalStepTime time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var due = plan.Steps.Where(s => s.Time == time && !s.ByHand).ToList();
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        await using var connection = await server.OpenAsync(settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        await NeverWaitAsync(connection, cancel).ConfigureAwait(false);
        foreach (var step in due)
        {
            if (step.Undo is { } undo)
            {
                Save([undo, .. Load().Where(u => u != undo)]);   // taken back in the opposite order
            }
            await RunAsync(connection, step.Sql, step.What, cancel).ConfigureAwait(false);
        }
        await RunAsync(connection, "SELECT pg_catalog.pg_reload_conf()", "read its settings again", cancel).ConfigureAwait(false);
    }

    /// <summary>The statements that <see cref="TakeBackAsync"/> would run, in order; empty when nothing was applied from here.</summary>
    public IReadOnlyList<string> Applied => Load();

    /// <summary>Takes back whatever was applied; the server no longer waits for, nor keeps log for, this receiver. The receiver must have stopped.</summary>
    public async Task TakeBackAsync(CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        await using var connection = await server.OpenAsync(settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        await NeverWaitAsync(connection, cancel).ConfigureAwait(false);
        var left = Load();
        while (left is [var undo, .. var rest])
        {
            await RunAsync(connection, undo, "take back what it was told", cancel).ConfigureAwait(false);
            await RunAsync(connection, "SELECT pg_catalog.pg_reload_conf()", "read its settings again", cancel).ConfigureAwait(false);
            Save(left = rest);
        }
        File.Delete(stateFile);
    }

    /// <summary>
    /// Makes commits wait for the receiver, or no longer. Works while commits hang: it is a setting, not a transaction. Only touches the setting when it names this receiver alone or nobody.
    /// </summary>
    /// <returns>Whether it is now as asked.</returns>
    public async Task<bool> SetWaitingAsync(bool wait, CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        await using var connection = await server.OpenAsync(settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        var now = await SettingAsync(connection, Standbys, cancel).ConfigureAwait(false);
        if (IsOurs(now) == wait)
        {
            return true;
        }
        if (wait ? now.Length > 0 : !IsOurs(now))
        {
            return false;
        }
        await RunAsync(connection, wait ? SetStandby : $"ALTER SYSTEM SET {Standbys} = ''", wait ? "wait for the receiver again" : "stop waiting for the receiver", cancel).ConfigureAwait(false);
        await RunAsync(connection, "SELECT pg_catalog.pg_reload_conf()", "read its settings again", cancel).ConfigureAwait(false);
        return true;
    }

    private string SetStandby => $"ALTER SYSTEM SET {Standbys} = {SqlText.Literal(SqlText.Name(options.Slot))}";

    private static async Task PlanSettingsAsync(NpgsqlConnection connection, List<WalServerStep> steps, List<string> notices, CancellationToken cancel)
    {
        if (await SettingAsync(connection, "wal_level", cancel).ConfigureAwait(false) == "minimal")
        {
            steps.Add(Setting("wal_level", "replica", "Write a log that a standby can use"));
        }
        foreach (var limit in new[] { "max_wal_senders", "max_replication_slots" })
        {
            if (await SettingAsync(connection, limit, cancel).ConfigureAwait(false) == "0")
            {
                steps.Add(Setting(limit, "10", "Let standbys connect"));
            }
        }
        var commit = await SettingAsync(connection, "synchronous_commit", cancel).ConfigureAwait(false);
        if (commit is "off" or "local" or "remote_write")
        {
            notices.Add($"synchronous_commit is '{commit}': commits do not wait until the receiver has synced them. Zero loss needs 'on', here and in every session.");
        }
        if (await SettingAsync(connection, "statement_timeout", cancel).ConfigureAwait(false) != "0")
        {
            notices.Add("statement_timeout is set: a commit that waits longer than that is acknowledged with a warning, before the receiver has it. The same holds for clients that cancel.");
        }
        if (await SettingAsync(connection, "max_slot_wal_keep_size", cancel).ConfigureAwait(false) is not ("-1" or ""))
        {
            notices.Add("max_slot_wal_keep_size limits the log that is kept: a receiver away for too long finds a gap, and a new base backup is needed.");
        }
    }

    private async Task PlanRoleAsync(NpgsqlConnection connection, List<WalServerStep> steps, CancellationToken cancel)
    {
        var role = SqlText.Name(options.Role);
        var can = await TextAsync(connection, $"SELECT (rolcanlogin AND (rolreplication OR rolsuper))::text FROM pg_catalog.pg_roles WHERE rolname = {SqlText.Literal(options.Role)}", cancel).ConfigureAwait(false);
        if (can is null)
        {
            var password = options.RolePassword is { } secret ? $" PASSWORD {SqlText.Literal(ScramVerifier.Make(secret, RandomNumberGenerator.GetBytes(16)))}" : "";
            steps.Add(new WalServerStep("Make the role that receives", $"CREATE ROLE {role} LOGIN REPLICATION{(password.Length > 0 ? " PASSWORD '***'" : "")};", WalStepTime.First, false, false)
            {
                Sql = $"CREATE ROLE {role} LOGIN REPLICATION{password}", Undo = $"DROP ROLE IF EXISTS {role}",
            });
        }
        else if (can == "false")
        {
            steps.Add(new WalServerStep("Let the role receive", $"ALTER ROLE {role} LOGIN REPLICATION;", WalStepTime.First, false, false) { Sql = $"ALTER ROLE {role} LOGIN REPLICATION" });
        }
        // The file's own lines; whether one of them lets this very receiver in, only connecting tells.
        var admitted = await TextAsync(connection, $"""
            SELECT 'yes' WHERE EXISTS (SELECT FROM pg_catalog.pg_hba_file_rules WHERE 'replication' = ANY (database) AND (user_name && ARRAY['all', {SqlText.Literal(options.Role)}]) AND auth_method <> 'reject'
                AND (type = 'local') = {(options.ReceiverAddress is null ? "true" : "false")})
            """, cancel).ConfigureAwait(false);
        if (admitted is null)
        {
            var file = await SettingAsync(connection, "hba_file", cancel).ConfigureAwait(false);
            var line = options.ReceiverAddress is { } address ? $"host replication {role} {address} scram-sha-256" : $"local replication {role} {(options.RolePassword is null ? "peer" : "scram-sha-256")}";
            steps.Add(new WalServerStep($"Add this line to {file}, then SELECT pg_reload_conf()", line, WalStepTime.First, true, false));
        }
    }

    private async Task PlanStandbyAsync(NpgsqlConnection connection, List<WalServerStep> steps, List<string> notices, CancellationToken cancel)
    {
        var slot = SqlText.Literal(options.Slot);
        var type = await TextAsync(connection, $"SELECT slot_type FROM pg_catalog.pg_replication_slots WHERE slot_name = {slot}", cancel).ConfigureAwait(false);
        if (type is null)
        {
            steps.Add(new WalServerStep("Keep log for the receiver", $"SELECT pg_create_physical_replication_slot({slot}, true);", WalStepTime.First, false, false)
            {
                Sql = $"SELECT pg_catalog.pg_create_physical_replication_slot({slot}, true)",
                Undo = $"SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = {slot}",
            });
        }
        else if (type != "physical")
        {
            throw new StingException("WalSlotTaken", FailureKind.AlreadyExists, $"The server at {settings.Location} has a logical replication slot '{options.Slot}'.", options.Slot, "Configure another name for the slot.");
        }
        var standbys = await SettingAsync(connection, Standbys, cancel).ConfigureAwait(false);
        if (standbys.Length == 0)
        {
            steps.Add(new WalServerStep("Let commits wait for the receiver", SetStandby + "; SELECT pg_reload_conf();", WalStepTime.WhenStreaming, false, false)
            {
                Sql = SetStandby, Undo = $"ALTER SYSTEM SET {Standbys} = ''",
            });
        }
        else if (!IsOurs(standbys) && !standbys.Contains(options.Slot, StringComparison.Ordinal))
        {
            steps.Add(new WalServerStep($"Commits wait for other standbys already ({Standbys} = '{standbys}'): add the receiver to them, so that each commit waits for it", $"ALTER SYSTEM SET {Standbys} = …", WalStepTime.WhenStreaming, true, false));
            notices.Add("Until then commits do not wait for this receiver, and zero loss is not promised.");
        }
    }

    private bool IsOurs(string standbys) => standbys.Trim().Trim('"') == options.Slot;

    private static WalServerStep Setting(string name, string value, string what) => new(what, $"ALTER SYSTEM SET {name} = {value};", WalStepTime.First, false, true) { Sql = $"ALTER SYSTEM SET {name} = {value}" };

    private static async Task<string> SettingAsync(NpgsqlConnection connection, string name, CancellationToken cancel) =>
        await TextAsync(connection, $"SELECT setting FROM pg_catalog.pg_settings WHERE name = {SqlText.Literal(name)}", cancel).ConfigureAwait(false) ?? "";

    private static async Task<string?> TextAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancel).ConfigureAwait(false) as string;
    }

    /// <summary>What is told to the server must not wait for a standby: it may be the very statement that ends the waiting.</summary>
    private Task NeverWaitAsync(NpgsqlConnection connection, CancellationToken cancel) => RunAsync(connection, "SET synchronous_commit = local", "not wait for standbys", cancel);

    private async Task RunAsync(NpgsqlConnection connection, string sql, string what, CancellationToken cancel)
    {
        try
        {
            await PostgresServer.ExecuteAsync(connection, sql, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, $"have the server {char.ToLowerInvariant(what[0])}{what[1..]}", settings);
        }
    }

    private List<string> Load() => File.Exists(stateFile) ? JsonSerializer.Deserialize<List<string>>(File.ReadAllBytes(stateFile)) ?? [] : [];

    private void Save(List<string> undo)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(stateFile))!);
            Durable.WriteFile(stateFile, JsonSerializer.SerializeToUtf8Bytes(undo), replace: true, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw WalErrors.Spool(stateFile, "note in", e);
        }
    }
}
