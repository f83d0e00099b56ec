using System.Text.Json.Nodes;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Chroma;
using StingBackup.Engine.Tests.Chroma.StandIn;
using StingBackup.Engine.Tests.PostgreSql;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>What a service that was restored as of before an erasure brought back goes again: rows, secrets, vectors, and nobody else's.</summary>
public sealed class ErasureSyncTests
{
    private static string Secret(string owner, int n, string type = "user_document") => $"files/{owner}/{type}/{n:x16}";

    [PostgresFact]
    public async Task Rows_secrets_and_vectors_of_the_erased_go_and_nobody_else_s()
    {
        await using var living = await FilledAsync();
        await living.BackupAsync();
        await living.EraseAsync(LivingReserve.Request(RestoreScope.User, StingSchema.KratosId(3)));
        await living.EraseAsync(LivingReserve.Request(RestoreScope.User, "user#5"));
        await living.EraseAsync(LivingReserve.Request(RestoreScope.HoneyJar, LivingReserve.Jar, StingSchema.KratosId(4)));
        await living.EraseAsync(LivingReserve.Request(RestoreScope.HoneyJar, StingSchema.JarId(3)));

        await using var installation = await living.OpenAsync();
        string Standing() => string.Join(' ', living.Vault.Mount("sting").Paths.Concat(living.Chroma.Collections.SelectMany(c => c.Records.Select(r => r.Id))).Order(StringComparer.Ordinal));
        var before = Standing();
        var plan = await ErasureSync.PlanAsync(installation, default);
        Assert.Equal(before, Standing());
        Assert.Equal(
            [
                new ErasedItemCount("Vault", $"files/{StingSchema.KratosId(3)}", 3, true), new ErasedItemCount("Vault", "files/5", 1, true),
                new ErasedItemCount("Chroma", "chats", 1, false), new ErasedItemCount("Chroma", ChromaSample.CollectionOf(LivingReserve.Jar), 2, false), new ErasedItemCount("Chroma", ChromaSample.CollectionOf(StingSchema.JarId(3)), 4, true),
            ], plan.Items);
        Assert.Contains(plan.Rows, rows => rows is { Table: "public.documents", Rows: > 0 });
        Assert.Equal(ApprovalState.NotRequested, plan.Approval);

        var done = await living.ApprovedAsync(installation, () => ErasureSync.RunAsync(installation, plan, default).AsTask());
        Assert.Equal(plan.Items, done.Items);
        Assert.Equal([Secret(StingSchema.KratosId(4), 1), Secret("8", 1)], living.Vault.Mount("sting").Paths.Order(StringComparer.Ordinal));
        Assert.Equal(["chats: a general, of four", $"{ChromaSample.CollectionOf(LivingReserve.Jar)}: of nobody, of three's friend"],
            living.Chroma.Collections.OrderBy(c => c.Name, StringComparer.Ordinal).Select(c => $"{c.Name}: {string.Join(", ", c.Records.Select(r => r.Document))}"));
        Assert.Equal("0", await living.Cluster.ValueAsync("sting_app", $"SELECT count(*) FROM documents WHERE honey_jar_id = '{StingSchema.JarId(3)}' OR uploaded_by = '{StingSchema.KratosId(4)}'"));

        // Done: nothing more is found, and nobody is asked for nothing.
        var again = await ErasureSync.PlanAsync(installation, default);
        Assert.Empty(again.Items);
        Assert.Null(again.Approval);
        await ErasureSync.RunAsync(installation, again, default);
    }

    [PostgresFact]
    public async Task A_right_that_is_missing_is_named_and_the_next_try_goes_on()
    {
        await using var living = await FilledAsync();
        await living.BackupAsync();
        await living.EraseAsync(LivingReserve.Request(RestoreScope.User, StingSchema.KratosId(3)));
        var token = living.Vault.TokenWith("""
            path "sting/metadata/files/*" { capabilities = ["read", "list"] }
            path "sting/data/files/*"     { capabilities = ["read"] }
            """);
        await File.WriteAllTextAsync(Path.Combine(living.Root, "token"), token);
        await using (var installation = await living.OpenAsync())
        {
            var plan = await ErasureSync.PlanAsync(installation, default);
            var denied = await Assert.ThrowsAsync<StingException>(() => living.ApprovedAsync(installation, () => ErasureSync.RunAsync(installation, plan, default).AsTask()));
            Assert.Equal("VaultDenied", denied.ErrorId);
            Assert.Contains("delete", denied.Message + denied.Remedy, StringComparison.Ordinal);
        }
        await File.WriteAllTextAsync(Path.Combine(living.Root, "token"), VaultStandIn.RootToken);
        await using (var installation = await living.OpenAsync())
        {
            // The approval stays good until it has succeeded once.
            var plan = await ErasureSync.PlanAsync(installation, default);
            Assert.Equal(ApprovalState.Approved, plan.Approval);
            Assert.Equal(JobState.Completed, (await ErasureSync.RunAsync(installation, plan, default)).State);
        }
        Assert.DoesNotContain(living.Vault.Mount("sting").Paths, path => path.Contains(StingSchema.KratosId(3), StringComparison.Ordinal));

        // Each service is looked at by itself where there is no other. Without the database nothing tells whose a collection's vectors are but their metadata.
        var lines = await File.ReadAllLinesAsync(living.File);
        string[] services = ["vault:", "chroma:", "postgresql:"];
        foreach (var service in services)
        {
            await File.WriteAllLinesAsync(living.File, lines.Where(line => !services.Any(other => other != service && line.StartsWith(other, StringComparison.Ordinal))));
            await using var installation = await living.OpenAsync();
            var plan = await ErasureSync.PlanAsync(installation, default);
            Assert.DoesNotContain(", ", plan.Server, StringComparison.Ordinal);
            Assert.Empty(plan.Items);
            Assert.DoesNotContain(plan.Rows, table => table.Rows > 0);
            Assert.Equal(JobState.Completed, (await ErasureSync.RunAsync(installation, plan, default)).State);
        }
        await File.WriteAllLinesAsync(living.File, lines.Where(line => !services.Any(service => line.StartsWith(service, StringComparison.Ordinal))));
        await using var without = await living.OpenAsync();
        Assert.Equal("ErasureSyncNoServer", (await Assert.ThrowsAsync<StingException>(() => ErasureSync.PlanAsync(without, default).AsTask())).ErrorId);
        Assert.Equal("ErasureFeedMissing", (await Assert.ThrowsAsync<StingException>(() => ErasureFeed.ReadAsync(without, default).AsTask())).ErrorId);
    }

    [PostgresFact]
    public async Task A_restore_of_everything_leaves_them_out()
    {
        await using var living = await FilledAsync();
        await living.BackupAsync();
        await living.EraseAsync(LivingReserve.Request(RestoreScope.User, StingSchema.KratosId(3)));
        var kept = Secret(StingSchema.KratosId(4), 1);
        foreach (var path in living.Vault.Mount("sting").Paths.ToList())
        {
            living.Vault.Mount("sting").Remove(path);
        }
        living.Chroma.Collections.Clear();
        await using (var fresh = await PostgresCluster.StartNewAsync("fsync=off"))
        {
            living.Configure(cluster: fresh);
            await using var installation = await living.OpenAsync();
            var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, AllowPartial = true, Conflict = ConflictAction.Overwrite }, default);
            await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default));
            Assert.Equal("0", await fresh.ValueAsync("sting_app", "SELECT count(*) FROM users WHERE id = 3"));
            Assert.Equal("1", await fresh.ValueAsync("sting_app", "SELECT count(*) FROM users WHERE id = 4"));
            // Permissions that others' files gave him let go; every key holds again.
            Assert.NotEqual("0", await fresh.ValueAsync("sting_app", "SELECT count(*) FROM file_permissions WHERE user_id IS NULL"));
            Assert.Equal("0", await fresh.ValueAsync("sting_app", "SELECT count(*) FROM pg_constraint WHERE NOT convalidated"));
            // What is the system's by the collection's name still names him in a record: that is what Sync-StingErasure is for.
            Assert.Equal([new ErasedItemCount("Chroma", "chats", 1, false), new ErasedItemCount("Chroma", ChromaSample.CollectionOf(LivingReserve.Jar), 1, false)], (await ErasureSync.PlanAsync(installation, default)).Items);
        }
        Assert.Contains(kept, living.Vault.Mount("sting").Paths);
        Assert.DoesNotContain(living.Vault.Mount("sting").Paths, path => path.Contains(StingSchema.KratosId(3), StringComparison.Ordinal));
    }

    /// <summary>Persons 3 and 4 with Kratos UUIDs, 5 and 10 without; documents of 3, 4 and nobody in one jar, of nobody in another.</summary>
    private static async Task<LivingReserve> FilledAsync()
    {
        var living = await LivingReserve.StartAsync();
        var mount = living.Vault.Mount("sting");
        foreach (var path in new[] { Secret(StingSchema.KratosId(3), 1), Secret(StingSchema.KratosId(3), 2), Secret(StingSchema.KratosId(3), 3, "report"), Secret("5", 1), Secret("8", 1), Secret(StingSchema.KratosId(4), 1) })
        {
            mount.Seed(path, VaultClients.Upload([1, 2, 3]));
        }
        await living.AddDocumentAsync("three.md", "of three", 3);
        await living.AddDocumentAsync("four.md", "of four", 4);
        await living.AddDocumentAsync("nobody.md", "of nobody", null);
        await living.AddDocumentAsync("other.md", "in the other jar", null, StingSchema.JarId(3));
        living.Chroma.Collections.AddRange([Collection(ChromaSample.CollectionOf(LivingReserve.Jar), ("of three", StingSchema.KratosId(3)), ("of four", "person4@example.org"), ("of three's friend", StingSchema.KratosId(6)), ("of nobody", null)),
            ChromaSample.Seed(ChromaSample.CollectionOf(StingSchema.JarId(3)), 4, 1), Collection("chats", ("of three", StingSchema.KratosId(3)), ("of four", "4"), ("a general", null))]);
        return living;
    }

    private static StandInCollection Collection(string name, params (string Text, string? Who)[] records)
    {
        var collection = new StandInCollection(name);
        foreach (var (text, who) in records.OrderBy(r => r.Text, StringComparer.Ordinal))
        {
            collection.Seed($"{name}/{text}", ChromaSample.Vector(text.Length), text, who is null ? new JsonObject { ["page"] = 1 } : new JsonObject { ["uploaded_by"] = who });
        }
        return collection;
    }
}
