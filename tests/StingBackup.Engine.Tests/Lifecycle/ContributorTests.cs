using System.Text.Json.Nodes;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Tests.Chroma;
using StingBackup.Engine.Tests.PostgreSql;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>A document in a honey jar belongs to whoever brought it: kept, restored and erased as (jar, contributor).</summary>
public sealed class ContributorTests
{
    [PostgresFact]
    public async Task Documents_and_rows_go_to_whoever_brought_them()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.AddDocumentAsync("three.md", "of three", 3);
        await living.AddDocumentAsync("four.md", "of four", 4);
        await living.AddDocumentAsync("nobody.md", "of nobody", null);
        await living.AddDocumentAsync("stray.md", "without a row", null, withRow: false);
        await living.BackupAsync();
        var subjects = await living.SubjectsAsync();
        Assert.Contains(LivingReserve.Contributor(3), subjects);
        Assert.Contains(LivingReserve.Contributor(4), subjects);

        // Only his files and rows are in his tree, and a jar comes back whole.
        var mine = LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = LivingReserve.Contributor(3) }));
        Assert.Equal("of three", mine[$"jars/{LivingReserve.Jar}/three.md"]);
        Assert.Contains("three.md", Assert.Single(mine, item => item.Key.EndsWith("public.documents.copy", StringComparison.Ordinal)).Value, StringComparison.Ordinal);
        Assert.Equal(2, mine.Count);
        var jar = LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = LivingReserve.Jar }));
        Assert.Equal(4, jar.Keys.Count(path => path.StartsWith($"jars/{LivingReserve.Jar}/", StringComparison.Ordinal)));

        await using var installation = await living.OpenAsync();
        var status = (await StatusReader.ReadAsync(installation, default)).Contributors;
        Assert.True(status is { Known: 2, Unknown: 1 }, $"{status}");
    }

    [PostgresFact]
    public async Task A_person_comes_with_contributions_where_that_is_asked()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.AddDocumentAsync("three.md", "of three", 3);
        await living.BackupAsync();
        var request = new RestoreRequest { Scope = RestoreScope.User, Subject = StingSchema.KratosId(3) };
        Assert.DoesNotContain(LivingReserve.Content(await living.RestoreAsync(request)), item => item.Value == "of three");
        Assert.Contains(LivingReserve.Content(await living.RestoreAsync(request with { WithContributions = true })), item => item.Value == "of three");
        var refused = await Assert.ThrowsAsync<StingException>(() => living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = LivingReserve.Jar, WithContributions = true }));
        Assert.Equal("RestoreRequestInvalid", refused.ErrorId);
    }

    [PostgresFact]
    public async Task A_database_that_is_down_or_an_account_that_is_gone_moves_no_document_back_to_the_jar()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.AddDocumentAsync("three.md", "of three", 3);
        await living.AddDocumentAsync("four.md", "of four", 4);
        await living.BackupAsync();
        await living.Cluster.ExecuteAsync("sting_app", "UPDATE documents SET uploaded_by = NULL WHERE filename LIKE 'three%'; DELETE FROM documents WHERE filename LIKE 'four%'");
        await living.BackupAsync();
        await living.Cluster.StopAsync();
        var warnings = new List<string>();
        await living.BackupAsync(errors: [], warnings: warnings);
        Assert.Contains(warnings, warning => warning.Contains("Who contributed", StringComparison.Ordinal));
        foreach (var (person, content) in new[] { (3, "of three"), (4, "of four") })
        {
            Assert.Contains(LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = LivingReserve.Contributor(person), Classes = [DataClass.HoneyJars] })), item => item.Value == content);
        }

        // What is remembered is no authority and no secret in the clear.
        var memory = Assert.Single(Directory.GetFiles(Path.Combine(living.Root, "cache"), ConfiguredContributors.FileName, SearchOption.AllDirectories));
        Assert.DoesNotContain(StingSchema.KratosId(3), await File.ReadAllTextAsync(memory), StringComparison.Ordinal);
        await File.WriteAllTextAsync(memory, "rubbish");
        warnings.Clear();
        await living.BackupAsync(errors: [], warnings: warnings);
        Assert.Contains(warnings, warning => warning.Contains(memory, StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task One_contributor_is_erased_from_a_jar_and_nobody_else()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.AddDocumentAsync("three.md", "planted by three", 3);
        await living.AddDocumentAsync("four.md", "of four", 4);
        await living.AddDocumentAsync("nobody.md", "of nobody", null);
        await living.AddDocumentAsync("elsewhere.md", "three elsewhere", 3, StingSchema.JarId(3));
        await living.BackupAsync();
        var request = LivingReserve.Request(RestoreScope.HoneyJar, LivingReserve.Jar, "person3@example.org");
        Assert.Equal("UserNotFound", (await Assert.ThrowsAsync<StingException>(() => living.PlanAsync(request with { Contributor = "nobody@example.org" }))).ErrorId);
        // By the address that her rows hold, and by her id.
        Assert.Equal(LivingReserve.Contributor(3), (await living.PlanAsync(request)).Subject);
        request = request with { Contributor = StingSchema.KratosId(3) };
        var plan = await living.PlanAsync(request);
        Assert.Equal(LivingReserve.Contributor(3), plan.Subject);
        Assert.Single(plan.Pseudonyms);
        Assert.Equal([DataClass.HoneyJars, DataClass.Metadata], plan.Hits.Select(hit => hit.DataClass));
        var done = await living.EraseAsync(request);
        var certificate = JsonNode.Parse(File.ReadAllBytes(done.Certificate!))!["certificate"]!;
        Assert.True((int)certificate["verification"]!["neighbour_chunks_opened"]! > 0);
        Assert.Empty(certificate["residual_copies"]!.AsArray());

        Assert.Equal("SubjectErased", (await Assert.ThrowsAsync<StingException>(() => living.PlanAsync(request))).ErrorId);
        var jar = LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = LivingReserve.Jar }));
        Assert.DoesNotContain(jar, item => item.Value.Contains("planted by three", StringComparison.Ordinal));
        Assert.Equal("of four", jar[$"jars/{LivingReserve.Jar}/four.md"]);
        Assert.Equal("of nobody", jar[$"jars/{LivingReserve.Jar}/nobody.md"]);
        Assert.Contains(LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = StingSchema.JarId(3) })), item => item.Value == "three elsewhere");

        // What STING still has of it is not backed up again, under no name, and this host has forgotten whose it was.
        var errors = new List<StingException>();
        await living.BackupAsync(errors: errors);
        Assert.All(errors, error => Assert.Equal("SubjectErased", error.ErrorId));
        Assert.NotEmpty(errors);
        jar = LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = LivingReserve.Jar }));
        Assert.DoesNotContain(jar, item => item.Value.Contains("planted by three", StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task A_person_goes_with_contributions_unless_they_are_kept()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.AddDocumentAsync("three.md", "of three", 3);
        await living.AddDocumentAsync("elsewhere.md", "three elsewhere", 3, StingSchema.JarId(3));
        await living.AddDocumentAsync("four.md", "of four", 4);
        await living.BackupAsync();
        var person = LivingReserve.Request(RestoreScope.User, StingSchema.KratosId(3));
        var kept = await living.PlanAsync(person with { KeepContributions = true });
        Assert.Empty(kept.Contributions);
        Assert.Single(kept.Pseudonyms);
        var plan = await living.PlanAsync(person);
        Assert.Equal([LivingReserve.Contributor(3), LivingReserve.Contributor(3, StingSchema.JarId(3))], plan.Contributions);
        Assert.Equal(3, plan.Pseudonyms.Count);
        await living.EraseAsync(person);
        var all = LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve, AllowPartial = true }));
        Assert.DoesNotContain(all, item => item.Value is "of three" or "three elsewhere");
        Assert.Contains(all, item => item.Value == "of four");
    }

    [PostgresFact]
    public async Task A_jar_goes_with_all_its_contributors_and_a_hold_on_any_whole_keeps_the_part()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.AddDocumentAsync("three.md", "of three", 3);
        await living.AddDocumentAsync("four.md", "of four", 4);
        await living.BackupAsync();
        foreach (var (scope, subject, contributor) in new[] { (RestoreScope.User, StingSchema.KratosId(4), null), (RestoreScope.HoneyJar, LivingReserve.Jar, (string?)null), (RestoreScope.HoneyJar, LivingReserve.Jar, StingSchema.KratosId(4)) })
        {
            await using var installation = await living.OpenAsync();
            var hold = await LegalHolds.AddAsync(installation, await LegalHolds.PlanAsync(installation, scope, subject, contributor, "case 5", default), "counsel", default);
            foreach (var refused in new[] { LivingReserve.Request(RestoreScope.HoneyJar, LivingReserve.Jar, StingSchema.KratosId(4)), LivingReserve.Request(RestoreScope.HoneyJar, LivingReserve.Jar), LivingReserve.Request(RestoreScope.User, StingSchema.KratosId(4)) })
            {
                Assert.Equal(("LegalHoldStands", hold.Id), await Assert.ThrowsAsync<StingException>(() => living.PlanAsync(refused)) is var told ? (told.ErrorId, told.Target) : default);
            }
            // The hold on a jar keeps nothing of the person elsewhere.
            if (scope == RestoreScope.HoneyJar)
            {
                await living.PlanAsync(LivingReserve.Request(RestoreScope.User, StingSchema.KratosId(4), keep: true));
            }
            await living.ApprovedAsync(installation, () => LegalHolds.LiftAsync(installation, hold.Id, "counsel", default));
        }
        var plan = await living.PlanAsync(LivingReserve.Request(RestoreScope.HoneyJar, LivingReserve.Jar));
        Assert.Equal([LivingReserve.Contributor(3), LivingReserve.Contributor(4)], plan.Contributions);
        await living.EraseAsync(LivingReserve.Request(RestoreScope.HoneyJar, LivingReserve.Jar));
        Assert.Equal("SubjectErased", (await Assert.ThrowsAsync<StingException>(() => living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = LivingReserve.Jar }))).ErrorId);
    }

    [PostgresFact]
    public async Task Whoever_uploaded_is_found_by_the_file_s_owner_and_by_the_audit_log_too()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.Cluster.ExecuteAsync("sting_app", "ALTER TABLE documents DROP uploaded_by CASCADE; ALTER TABLE documents ADD uploaded_by text; ALTER TABLE audit_logs ADD resource_id text");
        foreach (var name in new[] { "by-asset.md", "by-audit.md", "by-two.md", "by-number.md" })
        {
            await living.AddDocumentAsync(name, $"content {name}", null);
        }
        await living.Cluster.ExecuteAsync("sting_app", $"""
            INSERT INTO file_assets(file_id, storage_path, owner_id, storage_backend, deleted_at) SELECT md5('asset')::uuid, file_path, '{StingSchema.KratosId(3)}', 'filesystem', now() FROM documents WHERE filename LIKE 'by-asset%';
            INSERT INTO audit_logs(user_id, action, resource_id) SELECT 'person4@example.org', 'document_upload', id::text FROM documents WHERE filename LIKE 'by-audit%';
            INSERT INTO audit_logs(user_id, action, resource_id) SELECT '{StingSchema.KratosId(6)}', 'document_read', id::text FROM documents WHERE filename LIKE 'by-audit%';
            INSERT INTO audit_logs(user_id, action, resource_id) SELECT p, 'upload', id::text FROM documents, unnest(ARRAY['1', '2']) p WHERE filename LIKE 'by-two%';
            UPDATE documents SET uploaded_by = '8' WHERE filename LIKE 'by-number%'
            """);
        await living.BackupAsync();
        async Task<IEnumerable<string>> OfAsync(int person) => LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = LivingReserve.Contributor(person), Classes = [DataClass.HoneyJars] })).Values;
        Assert.Equal(["content by-asset.md"], await OfAsync(3));
        Assert.Equal(["content by-audit.md"], await OfAsync(4));
        Assert.Equal(["content by-number.md"], await OfAsync(8));
        var subjects = await living.SubjectsAsync();
        Assert.DoesNotContain(subjects, subject => subject == LivingReserve.Contributor(1) || subject == LivingReserve.Contributor(2) || subject == LivingReserve.Contributor(6));
    }

    [PostgresFact]
    public async Task A_collection_whose_metadata_name_a_contributor_is_that_one_s()
    {
        await using var living = await LivingReserve.StartAsync();
        var mine = ChromaSample.Seed(ChromaSample.CollectionOf(LivingReserve.Jar), 3, 1);
        mine.Metadata = new JsonObject { ["uploaded_by"] = "person4@example.org" };
        var other = ChromaSample.Seed(ChromaSample.CollectionOf(StingSchema.JarId(3)), 3, 1);
        living.Chroma.Collections.AddRange([mine, other]);
        await living.BackupAsync();
        var tree = LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = LivingReserve.Contributor(4), Classes = [DataClass.Embeddings] }));
        Assert.Contains(mine.Name, Assert.Single(tree).Key, StringComparison.Ordinal);
        tree = LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = StingSchema.JarId(3), Classes = [DataClass.Embeddings] }));
        Assert.Contains(other.Name, Assert.Single(tree).Key, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Vectors_in_a_collection_that_names_nobody_stand_in_plan_and_certificate_until_the_jar_goes()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.AddDocumentAsync("three.md", "of three", 3);
        await living.AddDocumentAsync("four.md", "of four", 4);
        await living.AddDocumentAsync("elsewhere.md", "three elsewhere", 3, StingSchema.JarId(3));
        var mixed = ChromaSample.Seed(ChromaSample.CollectionOf(LivingReserve.Jar), 2, 1);
        var mine = ChromaSample.Seed(ChromaSample.CollectionOf(StingSchema.JarId(3)), 2, 1);
        mine.Metadata = new JsonObject { ["uploaded_by"] = StingSchema.KratosId(3) };
        living.Chroma.Collections.AddRange([mixed, mine]);
        var backup = await living.BackupAsync();

        // Where a collection is the contributor's own it goes with its key; where it is mixed it is named. A person's erasure tells of both jars, the jar's own leaves nothing.
        Assert.Empty((await living.PlanAsync(LivingReserve.Request(RestoreScope.HoneyJar, StingSchema.JarId(3), StingSchema.KratosId(3)))).Residuals);
        Assert.Empty((await living.PlanAsync(LivingReserve.Request(RestoreScope.HoneyJar, LivingReserve.Jar))).Residuals);
        var request = LivingReserve.Request(RestoreScope.User, StingSchema.KratosId(3));
        Assert.Empty((await living.PlanAsync(request with { KeepContributions = true })).Residuals);
        var copy = Assert.Single((await living.PlanAsync(request)).Residuals);
        Assert.Contains($"1 vector collection in 1 restore points ({backup.BackupId})", copy.What, StringComparison.Ordinal);
        var done = await living.EraseAsync(request);
        var residual = Assert.Single(JsonNode.Parse(File.ReadAllBytes(done.Certificate!))!["certificate"]!["residual_copies"]!.AsArray());
        Assert.Equal((copy.What, "when that restore point is dropped"), ((string?)residual!["what"], (string?)residual["ends"]));

        // It is so: the mixed collection still opens, the contributor's own does not.
        var all = LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve, Classes = [DataClass.Embeddings], AllowPartial = true }));
        Assert.Contains(mixed.Name, Assert.Single(all).Key, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task What_was_the_jars_before_anybody_was_known_stands_in_plan_and_certificate()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.AddDocumentAsync("three.md", "of three", null);
        var early = await living.BackupAsync();
        var request = LivingReserve.Request(RestoreScope.HoneyJar, LivingReserve.Jar, StingSchema.KratosId(3));
        var nothing = await Assert.ThrowsAsync<StingException>(() => living.PlanAsync(request));
        Assert.Equal("NothingToErase", nothing.ErrorId);
        Assert.Contains("the jar's", nothing.Remedy, StringComparison.Ordinal);
        await living.Cluster.ExecuteAsync("sting_app", $"UPDATE documents SET uploaded_by = '{StingSchema.KratosId(3)}' WHERE filename LIKE 'three%'");
        await living.BackupAsync();
        var copy = Assert.Single((await living.PlanAsync(request)).Residuals);
        Assert.Contains(early.BackupId!, copy.What, StringComparison.Ordinal);
        var done = await living.EraseAsync(request);
        var residual = Assert.Single(JsonNode.Parse(File.ReadAllBytes(done.Certificate!))!["certificate"]!["residual_copies"]!.AsArray());
        Assert.Equal(copy.What, (string?)residual!["what"]);
        Assert.Contains(LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = LivingReserve.Jar, BackupId = early.BackupId })), item => item.Value == "of three");
    }
}
