using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.PostgreSql.Restore;

namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>What was captured comes back: the whole into a fresh server, a person into a running one.</summary>
[Collection(StingClusterCollection.Name)]
public sealed class LogicalRestoreTests(StingCluster sting)
{
    private static readonly string[] Databases = ["kratos", "sting_app", "sting_messaging"];

    private PostgresCluster Cluster => sting.Cluster;

    [PostgresFact]
    public async Task A_fresh_server_gets_everything_back()
    {
        using var capture = await LogicalCapture.TakeAsync(Cluster.Settings, new LogicalCaptureOptions { ExcludedRows = [] }, default);
        await using var fresh = await PostgresCluster.StartNewAsync("fsync=off");
        var rows = await LogicalRestore.RunAsync(fresh.Settings, new SourceCaptureFiles(capture, default), default);
        Assert.Equal(["kratos", "postgres", "sting_app", "sting_messaging"], rows.Keys.Order(StringComparer.Ordinal));

        // A capture of the restored server is the capture that it was restored from: schema, rows, sequences, roles.
        using var again = await LogicalCapture.TakeAsync(fresh.Settings, new LogicalCaptureOptions { ExcludedRows = [] }, default);
        var before = new SourceCaptureFiles(capture, default);
        var after = new SourceCaptureFiles(again, default);
        Assert.Equal(before.Paths, after.Paths);
        Assert.All(before.Paths.Where(p => p != CapturePath.Moment), path => Assert.Equal(Text(before, path), Text(after, path)));
        Assert.Equal("6", await fresh.ValueAsync("sting_app", "SELECT count(*) FROM jar_sizes"));
        Assert.Equal("identities", await fresh.ValueAsync("postgres", "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'kratos'"));
        Assert.Equal("21", await fresh.ValueAsync("sting_app", "INSERT INTO users(email) VALUES ('new@example.org') RETURNING id"));

        var error = await Assert.ThrowsAsync<StingException>(() => LogicalRestore.RunAsync(fresh.Settings, before, default));
        Assert.Equal("PostgresDatabaseNotEmpty", error.ErrorId);

        // Moved aside where that is asked for, all or none: while somebody is connected none is.
        var told = new List<string>();
        var options = new LogicalRestoreOptions { Aside = told.Add };
        await using (await fresh.ConnectAsync("kratos"))
        {
            Assert.Equal("PostgresBusy", (await Assert.ThrowsAsync<StingException>(() => LogicalRestore.RunAsync(fresh.Settings, before, options, default))).ErrorId);
        }
        // Nobody receives the log yet, and the server makes commits wait for it: a restore's do not.
        await fresh.ExecuteAsync("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'sting_capture'");
        await fresh.ExecuteAsync("postgres", "SELECT pg_reload_conf()");
        await LogicalRestore.RunAsync(fresh.Settings.ForRestore, before, options, default).WaitAsync(TimeSpan.FromMinutes(2));
        await fresh.ExecuteAsync("postgres", "ALTER SYSTEM RESET synchronous_standby_names");
        await fresh.ExecuteAsync("postgres", "SELECT pg_reload_conf()");
        Assert.Equal(3, told.Count);
        var aside = await fresh.RowsAsync("postgres", "SELECT datname FROM pg_database WHERE datname LIKE '%\\_before\\_%'");
        Assert.Equal(3, aside.Count);
        Assert.Equal("1", await fresh.ValueAsync(aside.Single(d => d.StartsWith("sting_app", StringComparison.Ordinal)), "SELECT count(*) FROM users WHERE email = 'new@example.org'"));
        Assert.Equal("0", await fresh.ValueAsync("sting_app", "SELECT count(*) FROM users WHERE email = 'new@example.org'"));
        Assert.Equal("0", await fresh.ValueAsync("postgres", "SELECT count(*) FROM pg_db_role_setting WHERE array_to_string(setconfig, ' ') LIKE '%sting_backup.restoring%'"));

        // What a killed restore had begun to load is nobody's.
        foreach (var database in (string[])["sting_app", "sting_messaging"])
        {
            await fresh.ExecuteAsync("postgres", $"DROP DATABASE {database}");
        }
        await fresh.ExecuteAsync("postgres", "ALTER DATABASE kratos SET sting_backup.restoring = 'yes'");
        await fresh.ExecuteAsync("kratos", "TRUNCATE identities CASCADE");
        await LogicalRestore.RunAsync(fresh.Settings, before, default);
        Assert.NotEqual("0", await fresh.ValueAsync("kratos", "SELECT count(*) FROM identities"));
    }

    [PostgresFact]
    public async Task A_person_comes_back_whole_and_nobody_else_is_touched()
    {
        var person = $"user:{StingSchema.KratosId(3)}";
        using var capture = await LogicalCapture.TakeAsync(Cluster.Settings, new LogicalCaptureOptions(), default);
        var files = new SourceCaptureFiles(capture, default);
        var before = await AllRowsAsync();
        await Cluster.ExecuteAsync("sting_app", """
            DELETE FROM file_permissions p USING file_assets f WHERE p.file_id = f.file_id AND f.owner_id LIKE '%000000003'; DELETE FROM file_assets WHERE owner_id LIKE '%000000003';
            DELETE FROM file_permissions WHERE user_id = 3; DELETE FROM user_settings WHERE user_id = 3; DELETE FROM audit_logs WHERE user_id LIKE '%000000003'; DELETE FROM users WHERE id = 3;
            DELETE FROM pii_audit_logs WHERE ctid IN (SELECT min(ctid) FROM pii_audit_logs WHERE user_email = 'person3@example.org');
            """);
        await Cluster.ExecuteAsync("kratos", $"DELETE FROM sessions WHERE identity_id = '{StingSchema.KratosId(3)}'; DELETE FROM identities WHERE id = '{StingSchema.KratosId(3)}'");
        var others = await AllRowsAsync();

        var trial = await SubjectRestore.RunAsync(Cluster.Settings, files, person, RowConflict.Keep, dryRun: true, default);
        Assert.Equal(others, await AllRowsAsync());
        var report = await SubjectRestore.RunAsync(Cluster.Settings, files, person, RowConflict.Keep, dryRun: false, default);
        Assert.Equal(trial.Select(r => (r.Table, r.Outcome, r.Count)), report.Select(r => (r.Table, r.Outcome, r.Count)));
        var after = await AllRowsAsync();
        // Permissions that others had given her went with her and belong to them; her sessions are no part of a capture.
        var missing = before.Except(after).ToList();
        Assert.All(missing, row => Assert.True(row.StartsWith("sting_app.file_permissions:", StringComparison.Ordinal) || row.StartsWith("kratos.sessions:", StringComparison.Ordinal), row));
        Assert.Empty(after.Except(before));
        Assert.Equal(1, report.Single(r => r is { Table: "public.users", Outcome: RowOutcome.Restored }).Count);
        Assert.Equal(1, report.Single(r => r is { Table: "public.pii_audit_logs", Outcome: RowOutcome.Restored }).Count);
        Assert.True(report.Single(r => r is { Table: "public.pii_audit_logs", Outcome: RowOutcome.Equal }).Count > 0);
        // Once more, there is nothing to do.
        Assert.All(await SubjectRestore.RunAsync(Cluster.Settings, files, person, RowConflict.Fail, dryRun: false, default), r => Assert.Equal(RowOutcome.Equal, r.Outcome));

        await RestoreSharedAsync(files);
    }

    [PostgresFact]
    public async Task Rows_with_other_values_are_kept_replaced_or_refused_as_told()
    {
        var person = $"user:{StingSchema.KratosId(4)}";
        using var capture = await LogicalCapture.TakeAsync(Cluster.Settings with { Databases = ["sting_app"] }, new LogicalCaptureOptions(), default);
        var files = new SourceCaptureFiles(capture, default);
        var before = await AllRowsAsync();
        await Cluster.ExecuteAsync("sting_app", "UPDATE user_settings SET theme = 'other' WHERE user_id = 4");
        var error = await Assert.ThrowsAsync<StingException>(() => SubjectRestore.RunAsync(Cluster.Settings, files, person, RowConflict.Fail, dryRun: false, default));
        Assert.Equal(("PostgresRowConflict", "sting_app.public.user_settings"), (error.ErrorId, error.Target));
        var kept = await SubjectRestore.RunAsync(Cluster.Settings, files, person, RowConflict.Keep, dryRun: false, default);
        Assert.Equal(["4"], kept.Single(r => r.Outcome == RowOutcome.Kept).Keys);
        Assert.Equal("other", await Cluster.ValueAsync("sting_app", "SELECT theme FROM user_settings WHERE user_id = 4"));
        var replaced = await SubjectRestore.RunAsync(Cluster.Settings, files, person, RowConflict.Overwrite, dryRun: false, default);
        Assert.Equal(["4"], replaced.Single(r => r.Outcome == RowOutcome.Overwritten).Keys);
        Assert.Equal(before, await AllRowsAsync());
    }

    [PostgresFact]
    public async Task A_row_whose_key_is_somebody_elses_by_now_is_never_replaced()
    {
        var person = $"user:{StingSchema.KratosId(6)}";
        using var capture = await LogicalCapture.TakeAsync(Cluster.Settings with { Databases = ["sting_app"] }, new LogicalCaptureOptions(), default);
        var files = new SourceCaptureFiles(capture, default);
        await Cluster.ExecuteAsync("sting_app", $"CREATE TABLE saved AS SELECT * FROM file_assets WHERE id = 5; UPDATE file_assets SET owner_id = '{StingSchema.KratosId(8)}', filename = 'mine now' WHERE id = 5");
        try
        {
            var report = await SubjectRestore.RunAsync(Cluster.Settings, files, person, RowConflict.Overwrite, dryRun: false, default);
            Assert.Equal(["5"], report.Single(r => r is { Table: "public.file_assets", Outcome: RowOutcome.Taken }).Keys);
            Assert.Equal("mine now", await Cluster.ValueAsync("sting_app", "SELECT filename FROM file_assets WHERE id = 5"));
        }
        finally
        {
            await Cluster.ExecuteAsync("sting_app", "UPDATE file_assets f SET owner_id = s.owner_id, filename = s.filename FROM saved s WHERE f.id = 5; DROP TABLE saved");
        }
    }

    [PostgresFact]
    public async Task Rows_whose_parent_is_gone_are_told_and_left_out()
    {
        var jar = $"jar:{StingSchema.JarId(2)}";
        using var capture = await LogicalCapture.TakeAsync(Cluster.Settings with { Databases = ["sting_app"] }, new LogicalCaptureOptions(), default);
        var files = new SourceCaptureFiles(capture, default);
        var before = await AllRowsAsync();
        await Cluster.ExecuteAsync("sting_app", $"DELETE FROM honey_jars WHERE id = '{StingSchema.JarId(2)}'");
        var without = await SubjectRestore.RunAsync(Cluster.Settings, new Without(files, "honey_jars"), jar, RowConflict.Keep, dryRun: false, default);
        Assert.True(without.Single(r => r is { Table: "public.documents", Outcome: RowOutcome.ParentMissing }).Keys.Count > 0);
        Assert.DoesNotContain(without, r => r.Outcome == RowOutcome.Restored);
        var report = await SubjectRestore.RunAsync(Cluster.Settings, files, jar, RowConflict.Keep, dryRun: false, default);
        Assert.Equal(["public.honey_jars", "public.documents", "public.jar_events"], report.Select(r => r.Table));
        Assert.Equal(before, await AllRowsAsync());
    }

    // Puts back what the deletion of person 3 took from others: permissions that let her in.
    private async Task RestoreSharedAsync(SourceCaptureFiles files)
    {
        foreach (var rows in files.Paths.Select(CapturePath.ParseRows).OfType<CapturedRows>().Where(r => r.Table == "file_permissions" && Text(files, r.Path).Contains("\t3\t", StringComparison.Ordinal)))
        {
            await SubjectRestore.RunAsync(Cluster.Settings, files, rows.Subject, RowConflict.Keep, dryRun: false, default);
        }
    }

    private async Task<List<string>> AllRowsAsync()
    {
        var all = new List<string>();
        foreach (var database in Databases)
        {
            foreach (var table in await Cluster.RowsAsync(database, "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind = 'r' AND nspname = 'public'"))
            {
                all.AddRange((await Cluster.RowsAsync(database, $"SELECT (t.*)::text FROM public.{SqlText.Name(table)} t")).Select(r => $"{database}.{table}: {r}"));
            }
        }
        return all;
    }

    private static string Text(SourceCaptureFiles files, string path)
    {
        using var reader = new StreamReader(files.Open(path));
        return reader.ReadToEnd();
    }

    private sealed class Without(ICaptureFiles files, string table) : ICaptureFiles
    {
        public IReadOnlyList<string> Paths { get; } = [.. files.Paths.Where(p => CapturePath.ParseRows(p)?.Table != table)];
        public Stream Open(string path) => files.Open(path);
    }
}
