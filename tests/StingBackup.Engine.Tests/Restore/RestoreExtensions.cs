using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Tests.Restore;

/// <summary>Short ways to restore in a test.</summary>
internal static class RestoreExtensions
{
    /// <summary>The request for everything, to a folder beside the reserve.</summary>
    public static RestoreRequest Everything(this TestInstallation test, string to = "out") => new() { Scope = RestoreScope.Reserve, Destination = test.Folder(to) };

    /// <summary>A folder of the test.</summary>
    public static string Folder(this TestInstallation test, string name) => Path.Combine(test.Root, name);

    /// <summary>Plans and restores; fails on any failed item unless told otherwise.</summary>
    public static async Task<RestoreResult> RestoreAsync(
        this TestInstallation test, RestoreRequest request, List<StingException>? errors = null, List<string>? warnings = null, CancellationToken cancel = default)
    {
        var plan = await RestoreJob.PlanAsync(test.Installation, request, cancel);
        return await test.RunAsync(plan, errors, warnings, cancel);
    }

    /// <summary>Runs a plan.</summary>
    public static async Task<RestoreResult> RunAsync(
        this TestInstallation test, RestorePlan plan, List<StingException>? errors = null, List<string>? warnings = null, CancellationToken cancel = default)
    {
        return await TestInstallation.CompleteAsync<RestoreResult>(Listen(), errors);

        async IAsyncEnumerable<JobEvent> Listen()
        {
            await foreach (var jobEvent in RestoreJob.RunAsync(test.Installation, plan, cancel))
            {
                if (jobEvent is WarningEvent warning)
                {
                    warnings?.Add(warning.Message);
                }
                yield return jobEvent;
            }
        }
    }

    /// <summary>Fails with this error.</summary>
    public static async Task<StingException> FailsAsync(this TestInstallation test, RestoreRequest request, string errorId)
    {
        var error = await Assert.ThrowsAsync<StingException>(() => RestoreJob.PlanAsync(test.Installation, request, default).AsTask());
        Assert.Equal(errorId, error.ErrorId);
        return error;
    }

    /// <summary>Collects what a catalog tells.</summary>
    public static async Task<List<T>> ToListAsync<T>(this IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items)
        {
            list.Add(item);
        }
        return list;
    }
}
