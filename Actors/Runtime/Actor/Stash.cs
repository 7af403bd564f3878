namespace Akka.Actor;

/// <summary>
/// Messages put aside, to be handled later: back in front of the mailbox, in the order in which they were put aside. At a
/// restart and at the actor's end all of them go back by themselves.
/// </summary>
public interface IStash
{
    /// <summary>How many messages are put aside.</summary>
    int Count { get; }

    /// <summary>None is put aside.</summary>
    bool IsEmpty { get; }

    /// <summary>Some are put aside.</summary>
    bool NonEmpty { get; }

    /// <summary>Puts the message being handled aside.</summary>
    /// <exception cref="IllegalActorStateException">It has been put aside already.</exception>
    void Stash();

    /// <summary>Puts the oldest back.</summary>
    void Unstash();

    /// <summary>Puts all back.</summary>
    void UnstashAll();

    /// <summary>Puts back those for which the predicate holds; the others are dropped.</summary>
    void UnstashAll(Func<Envelope, bool> predicate);

    /// <summary>Takes all out of the stash without putting them back.</summary>
    IEnumerable<Envelope> ClearStash();

    /// <summary>Puts messages aside, before those that already are.</summary>
    void Prepend(IEnumerable<Envelope> envelopes);
}

/// <summary>An actor that has a stash.</summary>
public interface IActorStash
{
    /// <summary>The stash; set by the runtime after the constructor.</summary>
    IStash Stash { get; set; }
}

/// <summary>An actor that has a stash, whatever its mailbox.</summary>
public interface IWithUnrestrictedStash : IActorStash
{
}

/// <summary>An actor that has a stash.</summary>
public interface IWithStash : IWithUnrestrictedStash
{
}

/// <summary>An actor that has a stash without a limit.</summary>
public interface IWithUnboundedStash : IWithUnrestrictedStash
{
}

/// <summary>A stash in front of an actor's mailbox.</summary>
internal sealed class ActorStash : IStash
{
    private readonly ActorCell _cell;
    private List<Envelope> _stash = [];
    private long _lastStashed;

    internal ActorStash(ActorCell cell)
    {
        // Akka.NET chooses the mailbox by the type that the props name: a producer must not hide that its actor stashes.
        if (!typeof(IActorStash).IsAssignableFrom(cell.Props.Type))
        {
            throw new ActorInitializationException(
                cell.Self, $"DequeBasedMailbox required: the props name {cell.Props.Type}, which does not stash");
        }

        _cell = cell;
    }

    public int Count => _stash.Count;

    public bool IsEmpty => _stash.Count == 0;

    public bool NonEmpty => _stash.Count > 0;

    public void Stash()
    {
        if (_cell.CurrentEnvelopeId == _lastStashed)
        {
            throw new IllegalActorStateException($"Can't stash the same message {_cell.CurrentMessage} more than once");
        }

        _lastStashed = _cell.CurrentEnvelopeId;
        _stash.Add(new Envelope(_cell.CurrentMessage!, _cell.Sender));
    }

    public void Unstash()
    {
        if (_stash.Count > 0)
        {
            var oldest = _stash[0];
            _stash.RemoveAt(0);
            PutBack(oldest);
        }
    }

    public void UnstashAll() => UnstashAll(_ => true);

    public void UnstashAll(Func<Envelope, bool> predicate)
    {
        if (_stash.Count == 0)
        {
            return;
        }

        var stashed = _stash;
        _stash = [];
        for (var i = stashed.Count - 1; i >= 0; i--)
        {
            if (predicate(stashed[i]))
            {
                PutBack(stashed[i]);
            }
        }
    }

    public IEnumerable<Envelope> ClearStash()
    {
        var stashed = _stash;
        _stash = [];
        return stashed;
    }

    public void Prepend(IEnumerable<Envelope> envelopes) => _stash.InsertRange(0, envelopes.Distinct());

    private void PutBack(in Envelope envelope)
    {
        _cell.Mailbox.EnqueueFirst(envelope);
        if (envelope.Message is Terminated terminated)
        {
            _cell.TerminatedQueuedFor(terminated.ActorRef, null);
        }
    }
}
