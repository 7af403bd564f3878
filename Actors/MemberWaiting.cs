using ActorRaid.Actors.Handoff;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

// An array that cannot be supervised as it is: told once, and looked at again only when something outside has changed.
public sealed partial class MemberArrayActor
{
    private bool _restsWaiting;

    /// <summary>
    /// md runs a volume that the metadata does not have. Whoever wants it to run writes its metadata, or stops it.
    /// </summary>
    private void WaitUntilKnown()
    {
        Events.Warning(
            "array-unknown",
            $"{Name} is volume {_settings.Volume} of the container, but the metadata has no such volume: it is not supervised, and its next write "
            + "hangs. It can still be read: copy what is wanted from it, as nothing assembles it again once it is stopped; or write the metadata that "
            + "it was created with", Name);
        CloseAttributes();
        Wait();
    }

    /// <summary>Nobody waits for what is not done.</summary>
    private void Wait()
    {
        Become(Waiting);
        AnswerLooks();
        _tellWhenSafe?.Tell(new Gone(), Self);
        _tellWhenSafe = null;
        if (_pauseAskedBy is { } asker)
        {
            _pauseAskedBy = null;
            Self.Tell(new Pause(), asker);
        }
    }

    private void CloseAttributes()
    {
        foreach (var leg in _attributes?.Legs.ToList() ?? [])
        {
            Forgotten(leg);
        }

        _attributes?.Dispose();
        _attributes = null;
    }

    private void Waiting()
    {
        Receive<LegsMayHaveChanged>(_ =>
        {
            if (!_restsWaiting)
            {
                _settings.Metadata.Tell(new DescribeVolume(_settings.Volume), Self);
            }
        });
        Receive<VolumeDescribed>(described =>
        {
            if (described.Volume is not null && !_restsWaiting)
            {
                BeginAgain();
            }
        });
        Receive<TakeUpMember>(takeUp =>
        {
            Remember(takeUp.Handed);
            _restsWaiting = false;
            _disks = takeUp.Disks;
            BeginAgain();
        });
        Receive<DisksAre>(disks => _disks = disks.Disks);
        Receive<Look>(look => look.ReplyTo.Tell(new Looked(), Self));
        Receive<TellWhenSafe>(tell => tell.ReplyTo.Tell(new Gone(), Self));
        Receive<Pause>(_ =>
        {
            _restsWaiting = true;
            Sender.Tell(new MemberPaused(new ArraySnapshot(Name, MemberMemory.New, [])), Self);
        });
        Receive<Resume>(_ => _restsWaiting = false);
        Receive<DescribeYourself>(_ =>
        {
            // All that is sure of it is whether a writer hangs.
            var state = SysfsAttribute.ReadOnce($"{_settings.SysRoot}/block/{Name}/md/array_state") is { Ok: true, Value: "write-pending" }
                ? ArrayState.WritePending
                : ArrayState.Unknown;
            Sender.Tell(new ArrayStanding(Name, _settings.Volume, state, Metadata.SyncAction.Unknown, null, 0, []), Self);
        });
        Receive<SysfsChanged>(_ => NoteChange());
        Receive<NotListed>(_ => Leave());
        Receive<NeedsNobody>(_ => Leave());
        ReceiveAny(_ => { });
    }

    private void BeginAgain()
    {
        CloseAttributes();
        if (OpenAttributes())
        {
            Become(Settling);
            Begin();
        }
    }
}
