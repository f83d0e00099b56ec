using StingBackup.Engine.Sources.PostgreSql.Restore;

namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>Rows of whom the ledger names go from a running server, and nobody else's.</summary>
public sealed class SubjectErasureTests
{
    [PostgresFact]
    public async Task An_erased_person_s_rows_go_everywhere_and_nobody_else_s()
    {
        await using var cluster = await PostgresCluster.StartNewAsync("fsync=off");
        await StingSchema.SeedAsync(cluster);
        var person = $"user:{StingSchema.KratosId(3)}";
        var before = await CountsAsync(cluster);
        var trial = await SubjectErasure.RunAsync(cluster.Settings, name => name == person, dryRun: true, default);
        Assert.Equal(before, await CountsAsync(cluster));
        var done = await SubjectErasure.RunAsync(cluster.Settings, name => name == person, dryRun: false, default);
        Assert.Equal(trial, done);
        Assert.Contains(done, rows => rows is { Database: "kratos", Table: "public.identities", Rows: 1, Kept: 0 });
        Assert.Contains(done, rows => rows is { Database: "sting_app", Table: "public.file_assets", Rows: 5 });
        Assert.Equal("0", await cluster.ValueAsync("sting_app", "SELECT count(*) FROM file_assets WHERE owner_id LIKE '%000000003'"));
        Assert.Equal("0", await cluster.ValueAsync("sting_app", "SELECT count(*) FROM audit_logs WHERE user_id LIKE '%000000003'"));

        // Each table lost exactly what is told, but for what the database's own cascades took with it.
        var after = await CountsAsync(cluster);
        foreach (var (table, count) in before)
        {
            var lost = count - after[table];
            var told = done.Where(rows => $"{rows.Database}.{rows.Table}" == table).Sum(rows => rows.Rows);
            Assert.True(table == "kratos.public.sessions" ? lost >= told : lost == told, $"{table}: {lost} lost, {told} told");
        }
        Assert.DoesNotContain(await SubjectErasure.RunAsync(cluster.Settings, name => name == person, dryRun: false, default), rows => rows.Rows > 0);
    }

    [PostgresFact]
    public async Task Rows_of_others_let_go_and_where_they_must_not_the_row_stays_and_is_told()
    {
        await using var cluster = await PostgresCluster.StartNewAsync("fsync=off");
        await StingSchema.SeedAsync(cluster);
        // A permission for person 3 on somebody else's file belongs to that file.
        Assert.NotEqual("0", await cluster.ValueAsync("sting_app", "SELECT count(*) FROM file_permissions p JOIN file_assets f USING (file_id) WHERE p.user_id = 3 AND f.owner_id NOT LIKE '%000000003'"));
        await SubjectErasure.RunAsync(cluster.Settings, name => name == $"user:{StingSchema.KratosId(3)}", dryRun: false, default);
        Assert.Equal("0", await cluster.ValueAsync("sting_app", "SELECT count(*) FROM users WHERE id = 3"));
        Assert.NotEqual("0", await cluster.ValueAsync("sting_app", "SELECT count(*) FROM file_permissions WHERE user_id IS NULL"));

        await cluster.ExecuteAsync("sting_app", "DELETE FROM file_permissions WHERE user_id IS NULL; ALTER TABLE file_permissions ALTER user_id SET NOT NULL");
        var done = await SubjectErasure.RunAsync(cluster.Settings, name => name == $"user:{StingSchema.KratosId(4)}", dryRun: false, default);
        Assert.Contains(done, rows => rows is { Table: "public.users", Rows: 0, Kept: 1 });
        Assert.Equal("1", await cluster.ValueAsync("sting_app", "SELECT count(*) FROM users WHERE id = 4"));
    }

    [PostgresFact]
    public async Task Nobody_erased_means_nothing_done()
    {
        await using var cluster = await PostgresCluster.StartNewAsync("fsync=off");
        await StingSchema.SeedAsync(cluster);
        Assert.Empty(await SubjectErasure.RunAsync(cluster.Settings, _ => false, dryRun: false, default));
    }

    private static async Task<Dictionary<string, long>> CountsAsync(PostgresCluster cluster)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var database in new[] { "sting_app", "kratos", "sting_messaging" })
        {
            var tables = await cluster.ValueAsync(database, "SELECT string_agg(quote_ident(schemaname) || '.' || quote_ident(tablename), ',') FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')");
            foreach (var table in tables!.Split(','))
            {
                counts[$"{database}.{table}"] = long.Parse((await cluster.ValueAsync(database, $"SELECT count(*) FROM {table}"))!, System.Globalization.CultureInfo.InvariantCulture);
            }
        }
        return counts;
    }
}
