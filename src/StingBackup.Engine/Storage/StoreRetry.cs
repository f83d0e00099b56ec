using System.Globalization;
using Polly;
using Polly.Retry;

namespace StingBackup.Engine.Storage;

/// <summary>
/// Repeats what failed for want of an answer: a server that is overloaded, silent, or cut off. Three attempts, exponential pauses with jitter. What is refused, missing or there
/// already is never repeated.
/// </summary>
public sealed class StoreRetry
{
    /// <summary>The strategy's number of attempts.</summary>
    public const int DefaultAttempts = 3;

    private readonly ResiliencePipeline _pipeline;
    private readonly TimeProvider _clock;

    /// <summary>Makes one; any number of stores may share it.</summary>
    /// <param name="clock">The clock of the pauses.</param>
    /// <param name="attempts">Attempts in all.</param>
    /// <param name="pause">The first pause, a second where it is null; it doubles each time, give or take.</param>
    public StoreRetry(TimeProvider clock, int attempts = DefaultAttempts, TimeSpan? pause = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempts, 1);
        _clock = clock;
        var builder = new ResiliencePipelineBuilder { TimeProvider = clock };
        if (attempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<StingException>(IsPassing),
                MaxRetryAttempts = attempts - 1, BackoffType = DelayBackoffType.Exponential, UseJitter = true, Delay = pause ?? TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(30),
            });
        }
        _pipeline = builder.Build();
    }

    /// <summary>Whether a failure may pass by itself.</summary>
    public static bool IsPassing(StingException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure.ErrorId is "StoreBusy" or "StoreUnreachable";
    }

    /// <summary>Calls, and calls again. What failed each time tells how often and how long it was tried.</summary>
    public async ValueTask<T> RunAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancel)
    {
        var (attempts, started) = (0, _clock.GetTimestamp());
        try
        {
            return await _pipeline.ExecuteAsync(stop =>
            {
                attempts++;
                return call(stop);
            }, cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (attempts > 1 && IsPassing(e))
        {
            throw new StingException(e.ErrorId, e.Kind, string.Create(CultureInfo.InvariantCulture, $"{e.Message} It was tried {attempts} times in {Display.Duration(_clock.GetElapsedTime(started))}."), e.Target, e.Remedy, e);
        }
    }

    /// <summary>Calls, and calls again.</summary>
    public async ValueTask RunAsync(Func<CancellationToken, ValueTask> call, CancellationToken cancel) => await RunAsync(async stop =>
    {
        await call(stop).ConfigureAwait(false);
        return true;
    }, cancel).ConfigureAwait(false);
}
