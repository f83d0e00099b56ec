using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.PostgreSql.Restore;

namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>Databases as a tree of files: each row once, under its owner; the same bytes every time.</summary>
[Collection(StingClusterCollection.Name)]
public sealed class LogicalCaptureTests(StingCluster sting)
{
    private static readonly LogicalCaptureOptions Options = new();

    private PostgresCluster Cluster => sting.Cluster;

    [PostgresFact]
    public async Task Each_row_belongs_to_exactly_one_subject_and_none_is_lost()
    {
        using var capture = await LogicalCapture.TakeAsync(Cluster.Settings, Options, default);
        Assert.Empty(capture.Failures);
        var files = new SourceCaptureFiles(capture, default);
        var byTable = files.Paths.Select(CapturePath.ParseRows).OfType<CapturedRows>().GroupBy(r => (r.Database, r.Schema, r.Table)).ToDictionary(g => g.Key, g => g.SelectMany(r => Lines(files, r.Path)[1..]).Order(StringComparer.Ordinal).ToList());
        var tables = 0;
        foreach (var database in new[] { "sting_app", "kratos", "sting_messaging" })
        {
            foreach (var table in await Cluster.RowsAsync(database, "SELECT n.nspname || E'\\t' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind = 'r' AND nspname = 'public'"))
            {
                var name = table.Split('\t')[1];
                if (name is "user_sessions" or "app_sessions" or "passkey_registration_challenges" || (database == "kratos" && name == "sessions"))
                {
                    Assert.False(byTable.ContainsKey((database, "public", name)));
                    continue;
                }
                tables++;
                Assert.Equal(await CopyAsync(database, name), byTable[(database, "public", name)]);
            }
        }
        Assert.Equal(tables, byTable.Count);
        Assert.Contains("Strange.Table/50%", byTable.Keys.Select(k => k.Table));
    }

    [PostgresFact]
    public async Task Rows_stand_under_the_subject_that_owns_them()
    {
        using var capture = await LogicalCapture.TakeAsync(Cluster.Settings, Options, default);
        var files = new SourceCaptureFiles(capture, default);
        string[] Tables(string subject) => [.. files.Paths.Select(CapturePath.ParseRows).OfType<CapturedRows>().Where(r => r.Subject == subject).Select(r => $"{r.Database}.{r.Table}").Order(StringComparer.Ordinal)];

        Assert.Equal(["kratos.identities", "kratos.identity_credential_identifiers", "kratos.identity_credentials", "sting_app.audit_logs", "sting_app.file_assets", "sting_app.file_permissions", "sting_app.pii_audit_logs",
            "sting_app.pii_deletion_requests", "sting_app.reports", "sting_app.user_settings", "sting_app.users", "sting_messaging.messages"], Tables($"user:{StingSchema.KratosId(3)}"));
        Assert.Equal(["sting_app.file_assets", "sting_app.file_permissions", "sting_app.pii_audit_logs", "sting_app.reports", "sting_app.user_settings", "sting_app.users"], Tables("user#5"));
        Assert.Equal(["sting_app.documents", "sting_app.honey_jars", "sting_app.jar_events"], Tables($"jar:{StingSchema.JarId(3)}"));
        // By number, by UUID and by an address in other letters, it is the same person.
        var seven = $"user:{StingSchema.KratosId(7)}";
        Assert.Contains("sting_app.pii_audit_logs", Tables(seven));
        Assert.Contains("sting_app.audit_logs", Tables(seven));
        // A permission goes with the file, not with whom it lets in.
        var permissions = Lines(files, CapturePath.OfRows("sting_app", "user#5", "public", "file_permissions"));
        Assert.Equal(["1+4", "1+24"], permissions[1..].Select(l => $"1+{int.Parse(l.Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture)}"));
        // What nobody owns is told, not lost.
        Assert.Contains(capture.Notices, n => n is { ErrorId: "PostgresOwnerUnknown", Target: "sting_app.public.Strange.Table/50%" });
        Assert.DoesNotContain(capture.Notices, n => n.ErrorId == "PostgresTableRenamed");
        Assert.All(capture.Moments, m => Assert.True(m.Lsn.Value > 0));
        Assert.Equal(["kratos", "postgres", "sting_app", "sting_messaging"], capture.Moments.Select(m => m.Database));
    }

    [PostgresFact]
    public async Task A_second_capture_of_unchanged_databases_has_the_same_stamps()
    {
        using var first = await LogicalCapture.TakeAsync(Cluster.Settings, Options, default);
        await Cluster.ExecuteAsync("sting_app", "UPDATE users SET status = status; UPDATE pii_audit_logs SET note = note WHERE weight = 0");   // moves rows about
        using var second = await LogicalCapture.TakeAsync(Cluster.Settings, Options, default);
        Assert.Equal(Stamps(first), Stamps(second));
        await Cluster.ExecuteAsync("sting_app", "UPDATE user_settings SET theme = 'light' WHERE user_id = 4");
        using var third = await LogicalCapture.TakeAsync(Cluster.Settings, Options, default);
        await Cluster.ExecuteAsync("sting_app", "UPDATE user_settings SET theme = 'dark' WHERE user_id = 4");
        Assert.Equal([CapturePath.OfRows("sting_app", $"user:{StingSchema.KratosId(4)}", "public", "user_settings")], Stamps(third).Except(Stamps(second)).Select(s => s.Path));

        static List<(string Path, FileStamp Stamp)> Stamps(LogicalCapture capture) => [.. capture.Scan((_, _) => ScanChoice.Include, e => throw e, default)
            .Where(e => e.Path.ToString() != CapturePath.Moment).Select(e => (Encoding.UTF8.GetString(e.Path.Bytes), e.Stamp))];
    }

    [PostgresFact]
    public async Task A_renamed_table_is_told_and_keeps_its_rows()
    {
        await Cluster.ExecuteAsync("sting_app", "ALTER TABLE file_assets RENAME TO stored_files; ALTER TABLE stored_files RENAME COLUMN owner_id TO holder");
        try
        {
            using var capture = await LogicalCapture.TakeAsync(Cluster.Settings with { Databases = ["sting_app"] }, Options, default);
            Assert.Empty(capture.Failures);
            var told = Assert.Single(capture.Notices, n => n.ErrorId == "PostgresTableRenamed");
            Assert.Contains("'file_assets'", told.Message, StringComparison.Ordinal);
            Assert.Contains("public.stored_files", told.Remedy, StringComparison.Ordinal);
            Assert.Contains(capture.Notices, n => n is { ErrorId: "PostgresOwnerUnknown", Target: "sting_app.public.stored_files" });
            Assert.Equal(1 + 100, Lines(new SourceCaptureFiles(capture, default), CapturePath.OfRows("sting_app", "system", "public", "stored_files")).Length);
        }
        finally
        {
            await Cluster.ExecuteAsync("sting_app", "ALTER TABLE stored_files RENAME COLUMN holder TO owner_id; ALTER TABLE stored_files RENAME TO file_assets");
        }
    }

    [PostgresFact]
    public async Task A_role_that_may_not_read_a_table_is_told_which()
    {
        await Cluster.ExecuteAsync("sting_app", "CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader; REVOKE SELECT ON reports FROM reader");
        try
        {
            var failure = await Assert.ThrowsAsync<StingException>(() => LogicalCapture.TakeAsync(Cluster.Settings with { User = "reader", Databases = ["sting_app"] }, Options, default));
            Assert.Contains("permission denied for table reports", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            await Cluster.ExecuteAsync("sting_app", "DROP OWNED BY reader; DROP ROLE reader");
        }
    }

    [PostgresFact]
    public async Task Rows_that_others_refer_to_are_kept_although_they_were_to_be_left_out()
    {
        using var capture = await LogicalCapture.TakeAsync(Cluster.Settings with { Databases = ["kratos"] }, Options with { ExcludedRows = ["kratos.*.identities", "kratos.*.sessions"] }, default);
        Assert.Contains(capture.Notices, n => n.ErrorId == "PostgresExclusionIgnored" && n.Message.Contains("identity_credentials", StringComparison.Ordinal));
        var tables = capture.Files.Select(f => CapturePath.ParseRows(f.ToString())?.Table).ToHashSet();
        Assert.Contains("identities", tables);
        Assert.DoesNotContain("sessions", tables);
    }

    [PostgresFact]
    public async Task Nothing_is_left_in_the_spool_folder_while_the_capture_is_read()
    {
        using var folder = new TempFolder();
        using var capture = await LogicalCapture.TakeAsync(Cluster.Settings with { Databases = ["kratos"] }, Options with { SpoolFolder = folder.Path }, default);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
        Assert.NotEmpty(Lines(new SourceCaptureFiles(capture, default), CapturePath.Globals));
    }

    [PostgresFact]
    public async Task A_second_backup_of_unchanged_databases_reads_and_stores_next_to_nothing()
    {
        LogicalCapture? capture = null;
        await using var installation = new TestInstallation { WrapSource = _ => capture! };
        capture = await LogicalCapture.TakeAsync(Cluster.Settings, Options, default);
        var first = await installation.BackupAsync();
        capture = await LogicalCapture.TakeAsync(Cluster.Settings, Options, default);
        var second = await installation.BackupAsync();
        Assert.True(first.ItemsRead > 100, $"{first.ItemsRead} items");
        Assert.Equal(1, second.ItemsRead);   // the moment alone
        Assert.True(second.BytesStored < 20_000, $"{second.BytesStored} bytes");
    }

    [Theory]
    [InlineData("sting_app", "user:00000000-0000-4000-8000-000000000003", "public", "users")]
    [InlineData("a/b.c", "jar:x/user:00000000-0000-4000-8000-000000000003", "..", "Ta%ble \"ü\".x")]
    public void Paths_of_rows_are_read_back(string database, string subject, string schema, string table)
    {
        var path = CapturePath.OfRows(database, subject, schema, table);
        Assert.Equal(new CapturedRows(path, database, subject, schema, table), CapturePath.ParseRows(path));
        Assert.Equal(path, EntryPath.FromBytes(Encoding.UTF8.GetBytes(path)).ToString());
        Assert.Equal(subject, CapturePath.SubjectOf(path));
    }

    private static string[] Lines(SourceCaptureFiles files, string path)
    {
        using var reader = new StreamReader(files.Open(path));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task<List<string>> CopyAsync(string database, string table)
    {
        await using var connection = await Cluster.ConnectAsync(database);
        var columns = await Cluster.ValueAsync(database, $"SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'public.{SqlText.Name(table)}'::regclass AND attnum > 0 AND attgenerated = ''");
        await using (var set = new Npgsql.NpgsqlCommand("SET TimeZone = 'UTC'", connection))
        {
            await set.ExecuteNonQueryAsync();
        }
        using var reader = await connection.BeginTextExportAsync($"COPY public.{SqlText.Name(table)} ({columns}) TO STDOUT");
        return [.. (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }
}
