using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using StingBackup.Cmdlets.Abstractions;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>A cmdlet over the real base, whose job the test writes.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "StingFake", SupportsShouldProcess = true)]
public sealed class InvokeFakeCommand : StingCmdlet
{
    /// <summary>The job.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public FakeJob Job { get; set; } = null!;

    /// <summary>Emits what is found on the way.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Starts it in the background.</summary>
    [Parameter]
    public SwitchParameter AsJob { get; set; }

    /// <summary>Skips the question.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override void Execute()
    {
        if (Job.Question is { } question && !Ask(question, Force))
        {
            return;
        }
        RunJob(Job.RunAsync(CancellationToken.None), AsJob, PassThru);
    }
}

/// <summary>Events from a worker behind a bounded channel, as the engine's jobs are built.</summary>
public sealed class FakeJob
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it tells before it ends.</summary>
    internal IReadOnlyList<JobEvent> Events { get; init; } = [];
    /// <summary>What it fails with after its events.</summary>
    internal Exception? Failure { get; init; }
    /// <summary>Whether it goes on without end after its events.</summary>
    internal bool Endless { get; init; }
    /// <summary>What it asks first.</summary>
    internal Question? Question { get; init; }
    /// <summary>Completes when every event has been told.</summary>
    internal Task Started => _started.Task;
    /// <summary>True after the worker was told to stop, and did.</summary>
    internal bool CleanedUp { get; private set; }

    internal async IAsyncEnumerable<JobEvent> RunAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var channel = Channel.CreateBounded<JobEvent>(2);
        var worker = Task.Run(() => WorkAsync(channel.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var happened in channel.Reader.ReadAllAsync(cancel))
            {
                yield return happened;
            }
            await worker;
        }
        finally
        {
            await stop.CancelAsync();
            await worker.ContinueWith(_ => CleanedUp = true, TaskScheduler.Default);
        }
    }

    private async Task WorkAsync(ChannelWriter<JobEvent> channel, CancellationToken cancel)
    {
        try
        {
            foreach (var happened in Events)
            {
                await channel.WriteAsync(happened, cancel);
            }
            _started.TrySetResult();
            for (var i = 0; Endless; i++)
            {
                await channel.WriteAsync(new OutputEvent(i), cancel);
            }
            if (Failure is { } failure)
            {
                throw failure;
            }
        }
        finally
        {
            channel.Complete();
        }
    }
}
