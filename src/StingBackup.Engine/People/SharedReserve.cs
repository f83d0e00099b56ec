using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>
/// A reserve that many people look into at once, in one process: points, index and keys are opened once and looked after at most each minute; of each person who was here lately the own keys are kept, of few at once.
/// What is open goes on with what it began with; what is asked next sees the newer state. Safe to use from many threads.
/// </summary>
public sealed class SharedReserve : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1), Oldest = TimeSpan.FromMinutes(5), TidyEvery = TimeSpan.FromSeconds(30);
    private const long MostTableBytes = 32 << 20;

    private readonly Func<CancellationToken, ValueTask<Installation>> _open;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly OwnMemory _memory = new(new(MostTableBytes, static rows => 64 + (long)rows.Count * SubjectRow.Size), new AuditMemory());
    private readonly PersonFinder _finder;
    private Leased<ReserveView> _view;
    private long _lookedAt;
    private readonly ITimer _timer;
    private bool _disposed;

    private SharedReserve(Func<CancellationToken, ValueTask<Installation>> open, Leased<ReserveView> view)
    {
        (_open, _view) = (open, view);
        _lookedAt = Now;
        Readings = new OwnReadings(this, _memory);
        _finder = new PersonFinder(this);
        // Whether or not somebody asks: keys of whoever was erased, or went, do not stay for want of visitors.
        _timer = view.Value.Installation.Clock.CreateTimer(_ => _ = TidyAsync(), null, TidyEvery, TidyEvery);
    }

    /// <summary>Why the last look did not succeed, so that an older state is shown; null while all is well.</summary>
    public StingException? Trouble { get; private set; }

    internal OwnReadings Readings { get; }

    /// <summary>Now, in ticks, by the installation's clock.</summary>
    internal long Now => _view.Value.Installation.Clock.GetUtcNow().Ticks;

    /// <summary>How long something is ago; of a clock that was set back, long.</summary>
    internal TimeSpan Since(long then) => Now - then is >= 0 and var ticks ? TimeSpan.FromTicks(ticks) : TimeSpan.MaxValue;

    /// <summary>Opens a reserve and its keys.</summary>
    /// <param name="open">Opens the installation anew, whenever there is something new to be read; it is disposed by this.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException">As opening an installation, and unlocking keys.</exception>
    public static async ValueTask<SharedReserve> OpenAsync(Func<CancellationToken, ValueTask<Installation>> open, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(open);
        return new SharedReserve(open, Own(await ReserveView.OpenAsync(open, cancel).ConfigureAwait(false)));
    }

    /// <summary>Who somebody who signed in is in the reserve; null where nothing in it is that person's, or where it cannot be said for certain.</summary>
    public ValueTask<Person?> FindPersonAsync(PersonClaim claim, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return _finder.FindAsync(claim, cancel);
    }

    /// <summary>A person's own reserve.</summary>
    public ValueTask<OwnReserve> OfAsync(Person person, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(person);
        cancel.ThrowIfCancellationRequested();
        return ValueTask.FromResult(new OwnReserve(this, person, new OwnKey(new Caller { Portal = person.Identity, Own = person.Subjects }, person.Subjects)));
    }

    /// <summary>
    /// What a subject has, for whoever may look into what backups hold: it takes the right of <c>Get-StingRestorePointItem</c>, and each opening stands in the audit log before anything is shown. Keys are those of the one
    /// subject, and what is restored or asked for takes the administrator's own rights.
    /// </summary>
    /// <param name="administrator">Who looks.</param>
    /// <param name="subject">A canonical name, or whoever the users map knows by that name.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>AccessDenied</c>, <c>UserNotFound</c>, <c>SubjectErased</c>; where the audit log cannot be written, why</exception>
    public async ValueTask<OwnReserve> OfSubjectAsync(Caller administrator, string subject, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(administrator);
        ArgumentNullException.ThrowIfNull(subject);
        var name = await UseAsync(administrator, async (installation, stop) =>
        {
            Access.Require(installation, "Get-StingRestorePointItem");
            var canonical = SubjectNames.IsCanonical(subject.Trim()) ? subject.Trim() : installation.Users.Resolve(subject);
            using var reading = new RepositoryReading(installation, _view.Value.View, null);
            if (await reading.Subjects.ClaimedAsync(canonical, stop).ConfigureAwait(false) is null)
            {
                throw installation.Host is { } host && installation.Ledger.FindTag(host.Subjects.TagOf(canonical)) is { } erased ? SubjectResolver.Erased(subject, erased) : installation.Users.NotFound(subject.Trim(), []);
            }
            return canonical;
        }, cancel).ConfigureAwait(false);
        var person = new Person(administrator.Identities[0], [name], name);
        // Who looks, and nothing that was meant for one deed: what is open serves later questions too.
        var looks = new Caller { Portal = administrator.Portal, IsAccount = administrator.IsAccount };
        var reserve = new OwnReserve(this, person, new OwnKey(looks, [name]), isOwner: false);
        await reserve.Trail.OpenedAsync(reserve, cancel).ConfigureAwait(false);
        return reserve;
    }

    /// <summary>
    /// Does something with the installation for a caller, who has the rights that the configuration gives. It is for the jobs of the engine, each of which asks for its right; the installation is not to be kept.
    /// </summary>
    public async ValueTask<T> UseAsync<T>(Caller caller, Func<Installation, CancellationToken, ValueTask<T>> act, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(act);
        var view = await HoldViewAsync(cancel).ConfigureAwait(false);
        try
        {
            return await act(view.Value.Installation.As(caller), cancel).ConfigureAwait(false);
        }
        finally
        {
            await view.ReleaseAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _gate.WaitAsync().ConfigureAwait(false);
        if (!_disposed)
        {
            _disposed = true;
            await Readings.DisposeAsync().ConfigureAwait(false);
            await _view.ReleaseAsync().ConfigureAwait(false);
            _memory.Audit.Dispose();
        }
        _gate.Release();
    }

    /// <summary>The state that counts now, held for the caller. It is looked after in the background; one that nobody looked after for long, as behind a sleep of the machine, is not given before that.</summary>
    internal async ValueTask<Leased<ReserveView>> HoldViewAsync(CancellationToken cancel)
    {
        if (Since(Interlocked.Read(ref _lookedAt)) >= Oldest)
        {
            await LookAsync(cancel).ConfigureAwait(false);
        }
        while (true)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var view = Volatile.Read(ref _view);
            if (view.TryHold())
            {
                return view;
            }
        }
    }

    /// <summary>Looks whether there is something new, and opens it. What fails is told by <see cref="Trouble"/>: the older state serves.</summary>
    internal async ValueTask LookAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (_disposed || Since(Interlocked.Read(ref _lookedAt)) < LookEvery)
            {
                return;
            }
            try
            {
                if (!await IsCurrentAsync(cancel).ConfigureAwait(false))
                {
                    var before = Interlocked.Exchange(ref _view, Own(await ReserveView.OpenAsync(_open, cancel).ConfigureAwait(false)));
                    await before.ReleaseAsync().ConfigureAwait(false);
                }
                Trouble = null;
            }
            catch (StingException e)
            {
                Trouble = e;
            }
            Interlocked.Exchange(ref _lookedAt, Now);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task TidyAsync()
    {
        await LookAsync(CancellationToken.None).ConfigureAwait(false);
        await Readings.ThinAsync().ConfigureAwait(false);
    }

    /// <summary>A store that cannot even be listed may be one that is lost: opened anew, the installation reads from the next tier.</summary>
    private async ValueTask<bool> IsCurrentAsync(CancellationToken cancel)
    {
        try
        {
            return await _view.Value.IsCurrentAsync(cancel).ConfigureAwait(false);
        }
        catch (StingException)
        {
            return false;
        }
    }

    private static Leased<ReserveView> Own(ReserveView view) => new(view, static v => v.DisposeAsync());
}
