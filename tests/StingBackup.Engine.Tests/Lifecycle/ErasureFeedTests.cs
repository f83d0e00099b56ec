using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Tests.PostgreSql;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>The feed of STING's own requests for deletion: each is seen, and how it stands here.</summary>
public sealed class ErasureFeedTests
{
    [PostgresFact]
    public async Task Each_request_is_told_with_what_backups_know_of_it()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.BackupAsync();
        await living.Cluster.ExecuteAsync("sting_app", $"""
            DELETE FROM pii_deletion_requests;
            INSERT INTO pii_deletion_requests(user_id, status) VALUES ('{StingSchema.KratosId(3)}', 'pending'), ('person4@example.org', 'completed'), ('10', 'pending'), ('7', 'rejected'), ('nobody@example.org', 'pending'),
                ('{StingSchema.KratosId(8)}', 'pending'), ('ffffffff-0000-4000-8000-000000000001', 'pending'), ('{StingSchema.KratosId(9)}', 'pending')
            """);
        await living.RequestAsync(LivingReserve.Request(RestoreScope.User, StingSchema.KratosId(8)));
        await using (var installation = await living.OpenAsync())
        {
            await LegalHolds.AddAsync(installation, await LegalHolds.PlanAsync(installation, RestoreScope.User, StingSchema.KratosId(9), "case 9", default), "counsel", default);
        }
        var feed = await ReadAsync(living);
        Assert.Equal([DeletionRequestState.New, DeletionRequestState.New, DeletionRequestState.New, DeletionRequestState.Withdrawn, DeletionRequestState.PersonUnknown, DeletionRequestState.Requested, DeletionRequestState.NotBackedUp, DeletionRequestState.Held],
            feed.Select(request => request.State));
        Assert.Equal([$"user:{StingSchema.KratosId(3)}", $"user:{StingSchema.KratosId(4)}", "user#10"], feed.Take(3).Select(request => request.User));
        Assert.Equal("nobody@example.org", feed[4].User);
        Assert.All(feed, request => Assert.StartsWith("pii_deletion_requests ", request.Reference, StringComparison.Ordinal));

        // What it says is what an erasure takes.
        await using (var installation = await living.OpenAsync())
        {
            await ErasureJob.StopAsync(installation, feed[5].ErasureId!, "dpo", default);
        }
        await living.EraseAsync(LivingReserve.Request(RestoreScope.User, feed[0].User) with { Reference = feed[0].Reference });
        feed = await ReadAsync(living);
        Assert.Equal((DeletionRequestState.Erased, DeletionRequestState.New), (feed[0].State, feed[5].State));
        await using var after = await living.OpenAsync();
        Assert.Equal(feed[0].Reference, ErasureJob.Find(after, feed[0].ErasureId!).Reference);
        // The files of the key directory say the same to whoever opens no repository.
        Assert.Equal(ErasureJob.List(after).Select(erasure => erasure.Id), ErasureJob.List(living.Configuration).Select(erasure => erasure.Id));
        Assert.Equal("case 9", Assert.Single(LegalHolds.List(living.Configuration)).Reason);
    }

    [PostgresFact]
    public async Task A_table_or_column_that_is_gone_is_named()
    {
        await using var living = await LivingReserve.StartAsync();
        await living.Cluster.ExecuteAsync("sting_app", "ALTER TABLE pii_deletion_requests RENAME user_id TO whom");
        var told = await Assert.ThrowsAsync<StingException>(() => ReadAsync(living));
        Assert.Equal("ErasureFeedMissing", told.ErrorId);
        Assert.Contains("sting_app.public.pii_deletion_requests", told.Message, StringComparison.Ordinal);
        Assert.Contains("whom", told.Message, StringComparison.Ordinal);
        await living.Cluster.ExecuteAsync("sting_app", "ALTER TABLE pii_deletion_requests RENAME whom TO user_email; ALTER TABLE pii_deletion_requests RENAME status TO progress");
        Assert.Contains("how a request stands", (await Assert.ThrowsAsync<StingException>(() => ReadAsync(living))).Message, StringComparison.Ordinal);
        await living.Cluster.ExecuteAsync("sting_app", "ALTER TABLE pii_deletion_requests RENAME TO pii_erasure_requests");
        told = await Assert.ThrowsAsync<StingException>(() => ReadAsync(living));
        Assert.Contains("sting_app.public.pii_erasure_requests", told.Message, StringComparison.Ordinal);
        Assert.NotEmpty(told.Remedy);
    }

    private static async Task<IReadOnlyList<DeletionRequest>> ReadAsync(LivingReserve living)
    {
        await using var installation = await living.OpenAsync();
        return await ErasureFeed.ReadAsync(installation, default);
    }
}
