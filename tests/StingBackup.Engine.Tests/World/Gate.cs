namespace StingBackup.Engine.Tests.World;

/// <summary>The power of a simulated host went: no engine code expects this, so nothing handles it.</summary>
internal sealed class HostCrashed : Exception
{
    public HostCrashed() : base("the host is down (simulated)")
    {
    }
}

/// <summary>A call of a host to the world that waits until the schedule lets it happen.</summary>
internal abstract class WorldCall(string verb, string name, Tier? tier)
{
    public string Verb { get; } = verb;
    public string Name { get; } = name;
    /// <summary>Whose store is called; null for key files.</summary>
    public Tier? Tier { get; } = tier;
    /// <summary>What is left on the disk of a call in which the host crashes; may be nothing.</summary>
    public Action<Random>? Torn { get; init; }

    public abstract void Happen();
    public abstract void HappenTwice();
    public abstract void Fail(Exception failure, bool happens);
    public override string ToString() => $"{Verb} {Tier?.ToString() ?? "keys"} {Name}";
}

/// <inheritdoc/>
internal sealed class WorldCall<T>(string verb, string name, Tier? tier, Func<T> act) : WorldCall(verb, name, tier)
{
    // The host goes on by itself, on a thread of its own: the schedule never runs a host's code.
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Answer => _answer.Task;

    public override void Happen()
    {
        try
        {
            _answer.SetResult(act());
        }
        catch (StingException e)
        {
            _answer.SetException(e);
        }
        catch
        {
            _answer.SetException(new HostCrashed());   // what was found ends the world, and the host with it
            throw;
        }
    }

    public override void HappenTwice()
    {
        try
        {
            act();
        }
        catch (StingException)
        {
            // The answer to the second request tells it too.
        }
        Happen();
    }

    public override void Fail(Exception failure, bool happens)
    {
        try
        {
            if (happens)
            {
                act();
            }
        }
        catch (StingException)
        {
            // It would have failed anyway.
        }
        finally
        {
            _answer.SetException(failure);
        }
    }
}

/// <summary>
/// Between one running host and the world: every call waits here. What a call does to the world is done by the schedule, one call at a time, so that the world has one history.
/// </summary>
internal sealed class Gate
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly List<WorldCall> _waiting = [];
    private TaskCompletionSource _came = NewSignal();

    /// <summary>Set when the host crashed: whatever still runs of it reaches nothing.</summary>
    public bool IsDown { get; private set; }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether calls pass at once: while a world is made, and where it is looked at.</summary>
    public bool IsOpen { get; init; }

    public Task<T> EnterAsync<T>(string verb, string name, Tier? tier, Func<T> act, Action<Random>? torn = null)
    {
        if (IsOpen)
        {
            return Task.FromResult(act());
        }
        var call = new WorldCall<T>(verb, name, tier, act) { Torn = torn };
        lock (_lock)
        {
            if (IsDown)
            {
                throw new HostCrashed();
            }
            _waiting.Add(call);
            _came.TrySetResult();
        }
        return call.Answer;
    }

    public T Enter<T>(string verb, string name, Func<T> act, Action<Random>? torn = null) => EnterAsync(verb, name, null, act, torn).GetAwaiter().GetResult();

    /// <summary>Waits until the host asks something of the world, or its work has ended.</summary>
    public async Task QuietAsync(Task work)
    {
        while (true)
        {
            if (Settling.IsOn)
            {
                Settling.Wait();
            }
            Task came;
            lock (_lock)
            {
                if (_waiting.Count > 0 || work.IsCompleted)
                {
                    return;
                }
                _came = NewSignal();
                came = _came.Task;
            }
            try
            {
                await Task.WhenAny(work, came).WaitAsync(Patience);
            }
            catch (TimeoutException)
            {
                throw new ModelViolation("a host hangs: it asks nothing of the world and does not end");
            }
        }
    }

    /// <summary>The call that is next: of several that wait at once (readers side by side) the first by what it is, so that a replay takes the same.</summary>
    /// <param name="orderOf">When an object was first seen: names that hash keys and signatures are others in each replay.</param>
    public WorldCall? Take(Func<string, long> orderOf)
    {
        lock (_lock)
        {
            var first = _waiting.OrderBy(call => call.Verb, StringComparer.Ordinal).ThenBy(call => call.Tier).ThenBy(call => orderOf(call.Name)).ThenBy(call => call.Name, StringComparer.Ordinal).FirstOrDefault();
            if (first is not null)
            {
                _waiting.Remove(first);
            }
            return first;
        }
    }

    /// <summary>Whether the host waits for an object to be deleted.</summary>
    public bool Deletes(string name)
    {
        lock (_lock)
        {
            return _waiting.Exists(call => call.Verb == "delete" && call.Name == name);
        }
    }

    /// <summary>Nothing of the host reaches the world any more; gives what it had asked.</summary>
    public IReadOnlyList<WorldCall> GoDown()
    {
        lock (_lock)
        {
            IsDown = true;
            WorldCall[] left = [.. _waiting];
            _waiting.Clear();
            return left;
        }
    }
}

/// <summary>What the model says must not be.</summary>
internal sealed class ModelViolation(string what) : Exception(what);
