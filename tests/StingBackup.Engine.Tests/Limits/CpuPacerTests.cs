using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Limits;

namespace StingBackup.Engine.Tests.Limits;

/// <summary>The duty cycle, on a clock of its own: work takes time on the processors and on the clock, rest on the clock alone.</summary>
public sealed class CpuPacerTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly CpuPacer _pacer;
    private TimeSpan _used;
    private int _rests;

    public CpuPacerTests() => _pacer = new CpuPacer(() => _used, _clock, (time, _) => { _rests++; _clock.Advance(time); });

    /// <summary>Two threads at work for a while: twice as much on the processors.</summary>
    private void Work(double seconds, int threads = 2)
    {
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        _used += TimeSpan.FromSeconds(seconds * threads);
        _pacer.Rest(default);
    }

    [Theory]
    [InlineData(0.25, 2)]
    [InlineData(0.1, 8)]
    [InlineData(0.5, 1)]
    public void The_share_is_held(double share, int processors)
    {
        _pacer.Processors = share * processors;
        var (began, before) = (_clock.GetUtcNow(), _used);
        for (var i = 0; i < 1000; i++)
        {
            Work(0.02, processors);
        }
        var taken = (_used - before) / (_clock.GetUtcNow() - began) / processors;
        Assert.InRange(taken, share * 0.9, share * 1.02);
    }

    [Fact]
    public void Without_a_limit_nobody_rests_and_what_was_used_before_does_not_count()
    {
        for (var i = 0; i < 100; i++)
        {
            Work(0.1);
        }
        Assert.Equal(0, _rests);
        _pacer.Processors = 0.5;
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        _pacer.Rest(default);
        Assert.Equal(0, _rests);
        Work(1);
        Assert.NotEqual(0, _rests);
    }

    [Fact]
    public void A_limit_that_changes_or_ends_is_felt_by_whoever_rests()
    {
        CpuPacer pacer = null!;
        var rests = 0;
        pacer = new CpuPacer(() => _used, _clock, (time, _) =>
        {
            _clock.Advance(time);
            if (++rests == 3)
            {
                pacer.Processors = 0;
            }
        });
        pacer.Processors = 0.01;
        _clock.Advance(TimeSpan.FromSeconds(1));
        _used += TimeSpan.FromSeconds(10);   // a thousand seconds of rest
        pacer.Rest(default);
        Assert.Equal(3, rests);
    }

    [Fact]
    public void Waiting_saves_up_half_a_second_s_worth_and_no_more()
    {
        _pacer.Processors = 1;
        _clock.Advance(TimeSpan.FromHours(1));
        _pacer.Rest(default);
        Work(0.5, 2);
        Assert.Equal(0, _rests);
        Work(1, 2);
        Assert.InRange(_rests, 1, 10);
    }

    [Fact]
    public void Whoever_is_cancelled_rests_no_longer()
    {
        using var cancel = new CancellationTokenSource();
        var pacer = new CpuPacer(() => _used, _clock, (_, _) => cancel.Cancel());
        pacer.Processors = 0.01;
        _clock.Advance(TimeSpan.FromSeconds(1));
        _used += TimeSpan.FromSeconds(10);
        pacer.Rest(cancel.Token);
        Assert.True(cancel.IsCancellationRequested);
    }
}
